import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Counts, followCounts } from "../../docs/examples/follow-counts.ts";
import { ask, setDesired, workspacePath } from "../support/orchestration.ts";
import { openServerPlace, type ServerPlace, type ServerProcess } from "../support/server-process.ts";

const ID = "/home/a/embedded";
const WAIT = { timeout: 20_000 };

const text = (path: string) => readFile(resolve(import.meta.dirname, "../..", path), "utf8");

let place: ServerPlace;
let server: ServerProcess;

beforeAll(async () => {
  place = await openServerPlace();
  server = await place.start();
}, 120_000);
afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
  await place?.[Symbol.asyncDispose]();
});

test("the client of the page is the file that is tried here", async () => {
  const [, block] = /```ts\n(.*?)```/s.exec(await text("docs/orchestration.md")) ?? [];
  expect(block).toBe(await text("docs/examples/follow-counts.ts"));
});

test("on the embedded database the client of the page shows each change, also after the server was killed, and keeps what it saw", async () => {
  const shown: Counts[] = [];
  let stop = followCounts(server.url, ID, { show: (counts) => shown.push(counts) });
  const now = () => shown.at(-1);
  await expect.poll(now, WAIT).toMatchObject({ global: { running: 0, desired: 0 } });
  await setDesired(server.url, ID, 3);
  await expect.poll(now, WAIT).toMatchObject({ global: { desired: 3 }, workspace: { workspaceId: ID, desired: 3 } });
  await ask(server.url, `${workspacePath(ID)}/running`, { method: "PUT", body: { running: 2 } });
  await expect.poll(now, WAIT).toMatchObject({ global: { running: 2 }, workspace: { running: 2 } });

  const { port } = new URL(server.url);
  server.signal("SIGKILL");
  await server.exited();
  server = await place.start({ API_PORT: port });
  await setDesired(server.url, ID, 4);
  await expect.poll(now, WAIT).toMatchObject({ workspace: { running: 2, desired: 4, version: 3 } });
  stop();

  const kept = now() ?? {};
  await setDesired(server.url, ID, 5);
  shown.length = 0;
  stop = followCounts(server.url, ID, { kept, show: (counts) => shown.push(counts) });
  expect(shown).toEqual([kept]);
  await expect.poll(now, WAIT).toMatchObject({ workspace: { desired: 5 } });
  stop();

  const seqs = shown.map(({ global }) => global?.seq ?? 0);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
});

test("what was kept of a workspace that is gone is not shown on", async () => {
  const workspace = {
    workspaceId: "gone",
    workspace_id: "gone",
    running: 1,
    desired: 9,
    seq: 1,
    version: 1,
    paused: false,
  };
  const shown: Counts[] = [];
  const stop = followCounts(server.url, "gone", { kept: { workspace }, show: (counts) => shown.push(counts) });
  await expect.poll(() => shown.at(-1)?.workspace, WAIT).toBeUndefined();
  await setDesired(server.url, "gone", 1);
  await expect.poll(() => shown.at(-1)?.workspace?.desired, WAIT).toBe(1);
  stop();
});
