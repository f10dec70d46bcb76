import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findClaude } from "../../src/claude/claude-command.ts";
import { claudeArguments, claudeEnvironment, claudeSettings } from "../../src/claude/claude-settings.ts";

export interface PlainClaude extends AsyncDisposable {
  /** `claude --print <prompt>` and nothing more; milliseconds from spawn to exit. */
  plain(prompt: string): Promise<number>;
  /** Claude with the arguments, the settings and the hooks of a run, but nobody who records anything. */
  likeRun(prompt: string): Promise<number>;
}

/** Claude without us, each time in new folders as a run of a new session has them. */
export async function openPlainClaude(source: Readonly<Record<string, string>>): Promise<PlainClaude> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "bench-claude-"));
  parts.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const hookUrl = await listenToNothing(parts);
  const { argv, version } = await findClaude({ path: "/nowhere" });
  const settingsFile = join(folder, "settings.json");
  await writeFile(settingsFile, JSON.stringify(claudeSettings({ hookUrl })));
  const home = source["HOME"] ?? folder;
  let lives = 0;

  async function live(args: readonly string[], input: string): Promise<number> {
    lives += 1;
    const [cwd, tmpDir, configDir] = ["work", "tmp", "config"].map((name) => join(folder, String(lives), name)) as [
      string,
      string,
      string,
    ];
    for (const path of [cwd, tmpDir, configDir]) await mkdir(path, { recursive: true });
    const env = claudeEnvironment(source, { pass: [], hookToken: "none", tmpDir, home, configDir });
    const [file = "", ...first] = argv;
    const begun = performance.now();
    const child = spawn(file, [...first, ...args], { cwd, env, stdio: ["pipe", "pipe", "ignore"] });
    child.stdin.end(input);
    child.stdout.resume();
    const [code] = (await once(child, "exit")) as [number | null];
    const took = performance.now() - begun;
    if (code !== 0) throw new Error(`claude ended with ${code}`);
    return took;
  }

  const kept = parts.move();
  return {
    plain: (prompt) => live(["--print", prompt], ""),
    likeRun(prompt) {
      const conversation = { sessionId: randomUUID() };
      const defaults = { allowedTools: ["Bash"], allowBypass: false };
      const line = { type: "user", uuid: randomUUID(), message: { role: "user", content: prompt } };
      const args = claudeArguments({ conversation, options: {}, defaults, settingsFile, version });
      return live(args, `${JSON.stringify(line)}\n`);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Where the hooks go: read and forgotten. */
async function listenToNothing(parts: AsyncDisposableStack): Promise<string> {
  const server = createServer((req, res) => {
    req.resume().on("end", () => res.writeHead(204).end());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  parts.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/hooks`;
}
