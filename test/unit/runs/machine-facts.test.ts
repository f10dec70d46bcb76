import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { availableMemory, readMachineFacts } from "../../../src/runs/machine-facts.ts";

const MIB = 1024 ** 2;
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "orch-machine-"));
});
afterEach(() => rm(root, { recursive: true }));

/** A machine as its /proc and /sys describe it. */
async function machine(files: Record<string, string>): Promise<number> {
  for (const [name, text] of Object.entries({
    "proc/meminfo": "MemTotal: 9 kB\nMemAvailable:    1048576 kB\n",
    ...files,
  })) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return availableMemory(root) / MIB;
}

test("without a limit the kernel's own figure counts", async () => {
  expect(await machine({})).toBe(1024);
  const unlimited = {
    "proc/self/cgroup": "0::/\n",
    "sys/fs/cgroup/memory.max": "max\n",
    "sys/fs/cgroup/memory.current": "5\n",
  };
  expect(await machine(unlimited)).toBe(1024);
});

test("a limit of cgroup v2 counts where it leaves less, with what the page cache would give back", async () => {
  const limited = {
    "proc/self/cgroup": "0::/app/main\n",
    "sys/fs/cgroup/app/memory.max": String(512 * MIB),
    "sys/fs/cgroup/app/memory.current": String(500 * MIB),
    "sys/fs/cgroup/app/memory.stat": `anon 1\ninactive_file ${200 * MIB}\n`,
  };
  expect(await machine(limited)).toBe(212);
});

test("a limit of cgroup v1 counts too, also where the host's path is not there", async () => {
  const limited = {
    "proc/self/cgroup": "5:cpu:/\n4:memory:/docker/1234\n0::/\n",
    "sys/fs/cgroup/memory/memory.limit_in_bytes": String(300 * MIB),
    "sys/fs/cgroup/memory/memory.usage_in_bytes": String(250 * MIB),
  };
  expect(await machine(limited)).toBe(50);
});

test("a cgroup above its limit leaves nothing, not less than nothing", async () => {
  const over = { "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "10", "sys/fs/cgroup/memory.current": "20" };
  expect(await machine(over)).toBe(0);
});

test("a folder that is not there yet has the room of the one it will be made in", async () => {
  const { disks } = await readMachineFacts([join(root, "not", "yet"), root]);
  expect(disks[0]?.freeBytes).toBeGreaterThan(0);
  expect(Math.abs((disks[0]?.freeBytes ?? 0) - (disks[1]?.freeBytes ?? 0))).toBeLessThan(100 * MIB);
});
