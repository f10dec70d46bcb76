import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startScriptedModel, type ScriptedModel } from "../../demo/scripted-model.ts";
import { findClaude } from "../../src/claude/claude-command.ts";
import { addEvidence, noEvidence } from "../../src/claude/claude-evidence.ts";
import { judge, type Outcome } from "../../src/claude/claude-outcome.ts";
import { startClaude, type ClaudeProcess, type ClaudeStart } from "../../src/claude/claude-process.ts";
import { claudeArguments, claudeEnvironment, claudeSettings } from "../../src/claude/claude-settings.ts";
import { parseStreamLine, type BlockMemory, type StreamEvent } from "../../src/claude/claude-stream.ts";
import { findMarkedProcesses, sweepMarker } from "../../src/claude/marked-processes.ts";
import type { ClaudeOptions } from "../../src/contract/session.ts";

export interface Life {
  conversation: { sessionId: string } | { resume: string };
  options?: ClaudeOptions;
  /** More of what stands around us, such as another key. */
  around?: Record<string, string>;
}

export interface Ended {
  outcome: Outcome;
  exitCode: number | undefined;
  events: StreamEvent[];
}

/** What was posted to the hook URL. */
export interface HookPost {
  event: string;
  authorization: string | undefined;
  tool: string | undefined;
}

export interface TestClaude extends AsyncDisposable {
  model: ScriptedModel;
  folder: string;
  cwd: string;
  hooks: HookPost[];
  /** All that `startClaude` wants to know for one more life. */
  spec(life: Life): Promise<ClaudeStart>;
  start(life: Life): Promise<ClaudeProcess>;
}

export const userLine = (content: string) => ({ type: "user", uuid: randomUUID(), message: { role: "user", content } });

/**
 * The real CLI against the scripted model: folders and environment of its own, nothing of the machine's but its PATH.
 * Disposing of it fails when something that a life started still runs.
 */
export async function testClaude(): Promise<TestClaude> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "orch-claude-"));
  parts.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const model = parts.use(await startScriptedModel());
  const hooks: HookPost[] = [];
  const hookUrl = await listenForHooks(hooks, parts);
  const { argv, version } = await findClaude({ path: "/nowhere" });
  const cwd = await made(join(folder, "work"));
  const home = await made(join(folder, "home"));
  const tmpDir = await made(join(folder, "tmp"));
  const configDir = await made(join(folder, "config"));
  const settingsFile = join(folder, "settings.json");
  await writeFile(settingsFile, JSON.stringify(claudeSettings({ hookUrl })));
  const installation = `test-${randomUUID()}`;
  parts.defer(() => nothingLeft(installation));
  let lives = 0;

  async function spec({ conversation, options = {}, around = {} }: Life): Promise<ClaudeStart> {
    const systemPromptFile = options.appendSystemPrompt === undefined ? undefined : join(folder, "system-prompt.txt");
    if (systemPromptFile) await writeFile(systemPromptFile, options.appendSystemPrompt ?? "");
    const defaults = { allowedTools: [], allowBypass: false };
    const source = { ...AROUND, PATH: process.env["PATH"], ANTHROPIC_BASE_URL: model.url, ...around };
    lives += 1;
    return {
      runDir: join(folder, `run-${lives}`),
      cwd,
      argv: [...argv, ...claudeArguments({ conversation, options, defaults, settingsFile, systemPromptFile, version })],
      env: claudeEnvironment(source, { pass: [], hookToken: "hook-token", tmpDir, home, configDir }),
      marker: `${installation}/${lives}`,
    };
  }

  const kept = parts.move();
  return {
    model,
    folder,
    cwd,
    hooks,
    spec,
    start: async (life) => startClaude(await spec(life)),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What every test has in its environment: a key of nobody, and no wish to call home. */
const AROUND = {
  LANG: "C.UTF-8",
  ANTHROPIC_API_KEY: "sk-ant-test-0000000000000000",
  CLAUDE_CODE_MAX_RETRIES: "1",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_TELEMETRY: "1",
  DISABLE_ERROR_REPORTING: "1",
};

async function made(path: string): Promise<string> {
  await mkdir(path);
  return path;
}

async function listenForHooks(hooks: HookPost[], parts: AsyncDisposableStack): Promise<string> {
  const server = createServer((req, res) => {
    void (async () => {
      const body = JSON.parse(Buffer.concat(await req.toArray()).toString()) as {
        hook_event_name: string;
        tool_name?: string;
      };
      hooks.push({ event: body.hook_event_name, authorization: req.headers.authorization, tool: body.tool_name });
      res.writeHead(204).end();
    })();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  parts.defer(async () => {
    server.closeAllConnections();
    await server[Symbol.asyncDispose]();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/hooks`;
}

async function nothingLeft(installation: string): Promise<void> {
  // The wrapper writes the exit code down and then needs a moment to end itself.
  for (let tries = 0; tries < 50 && (await findMarkedProcesses(installation)).length > 0; tries++) await sleep(20);
  const left = await findMarkedProcesses(installation);
  for (const { marker } of left) await sweepMarker(marker);
  if (left.length > 0) throw new Error(`${left.length} processes of Claude were still running`);
}

/** Reads a life's stream from its first line to its end; closes its input after the first result, as the server does. */
export async function follow(
  claude: ClaudeProcess,
  seen: (event: StreamEvent) => void = () => undefined,
): Promise<Ended> {
  const blocks: BlockMemory = new Map();
  const events: StreamEvent[] = [];
  for (let offset = 0; ;) {
    const state = await claude.state();
    const chunk = await claude.read(offset);
    for (const event of chunk.lines.flatMap((line) => parseStreamLine(line, blocks))) {
      events.push(event);
      seen(event);
      if (event.type === "result") claude.closeInput();
    }
    if (state !== "alive" && chunk.offset === offset) {
      const stream = events.reduce(addEvidence, noEvidence);
      const { exitCode } = state;
      const stderr = await claude.stderrTail();
      claude.release();
      return {
        exitCode,
        events,
        outcome: judge({ stream, exitCode, stderr, ended: null, limits: {}, previousCostUsd: 0 }),
      };
    }
    offset = chunk.offset;
    await sleep(20);
  }
}
