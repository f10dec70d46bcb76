import { Command, InvalidArgumentError, Option } from "commander";
import { readClientConfig } from "../config-client.ts";
import { PermissionMode } from "../contract/session.ts";
import { AppError } from "../lib/errors.ts";
import { createApiClient, type ApiClient } from "./api-client.ts";
import { printLogs } from "./session-logs.ts";
import { errorText, EXIT, exitCodeOf, sessionLine } from "./session-output.ts";
import { followToEnd, type Screen } from "./session-run.ts";
import { readPrompt, startBody, type StartOptions } from "./session-start.ts";

interface Common {
  url?: string;
  keyFile?: string;
  json?: boolean;
}
interface Parts {
  client: ApiClient;
  screen: Screen;
  json: boolean;
}

const EXIT_CODES = `
Exit codes: 0 success, 1 the run failed or was stopped, 2 the command or what it names is wrong, 3 no server answers,
4 the run goes on (--timeout), 130 Ctrl-C, which leaves the run running.
Environment: CLAUDE_ORCHESTRATOR_URL, CLAUDE_ORCHESTRATOR_API_KEY, CLAUDE_ORCHESTRATOR_API_KEY_FILE`;

const number = (text: string): number => {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError("not a number above 0");
  return value;
};
const several = (text: string, before: string[] = []): string[] => [...before, text];

function createScreen(): Screen {
  // A reader that has enough, such as `head`, is no error.
  process.stdout.on("error", () => process.exit(EXIT.success));
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTerminal: process.stdout.isTTY,
  };
}

/** Runs a command against the server that was named; what it throws for a reason becomes words and an exit code. */
async function perform({ url, keyFile, json = false }: Common, work: (parts: Parts) => Promise<number>): Promise<void> {
  try {
    const client = createApiClient(readClientConfig({ url, keyFile }));
    process.exitCode = await work({ client, screen: createScreen(), json });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    process.stderr.write(`claude-orchestrator: ${errorText(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

/** `claude-orchestrator session …`: a thin user of the HTTP API. */
export function sessionCommand(): Command {
  const session = new Command("session")
    .description("Start and continue sessions of a server, and look at them")
    .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.success : EXIT.usage))
    .showHelpAfterError()
    .addHelpText("after", EXIT_CODES);
  const add = (line: string, description: string) =>
    session
      .command(line)
      .description(description)
      .option("--url <url>", "the server; else CLAUDE_ORCHESTRATOR_URL, else http://127.0.0.1:3001")
      .option("--key-file <file>", "a file that holds the API key; else the environment's")
      .option("--json", "JSON on the standard output, and nothing else");
  const addFollowing = (line: string, description: string) =>
    add(line, description).option("--timeout <seconds>", "follow no longer than this; the run goes on", number);
  addStart(addFollowing);
  addContinue(addFollowing);
  addWait(addFollowing);
  addLooking(add);
  return session;
}

type Add = (line: string, description: string) => Command;

function addStart(add: Add): void {
  add("start [prompt]", "Start a session and follow its run; - reads the prompt from the standard input")
    .option("--repo <owner/repo>", "work in a clone of this repository")
    .option("--path <dir>", "work in this folder of the server (default: the one you are in)")
    .option("--worktree", "work in a git worktree of that folder")
    .option("--template <name>", "what a template says; what stands beside it here wins over it")
    .option("--var <name=value>", "a variable of the template; may be repeated", several)
    .option("--json-schema <file>", "the form the answer must have: a JSON Schema; --json has it as structuredOutput")
    .option("--branch <name>", "begin at this branch")
    .option("--title <title>", "what it is called")
    .option("--tag <tag>", "a tag; may be repeated", several)
    .option("--model <model>", "which model")
    .addOption(new Option("--permission-mode <mode>", "what Claude may do").choices(PermissionMode.options))
    .option(
      "--allow <rule>",
      "a tool rule that needs no permission, such as Bash(npm test:*); may be repeated",
      several,
    )
    .option("--disallow <rule>", "a tool rule that is refused; may be repeated", several)
    .option("--system-prompt <text>", "added to Claude's system prompt")
    .option("--max-turns <n>", "turns of one run", number)
    .option("--max-budget <usd>", "what one run may cost", number)
    .option("--run-timeout <seconds>", "the longest a run may take", number)
    .option("--detach", "do not follow; print the session's id")
    .action((prompt: string | undefined, options: StartOptions & Common & { detach?: boolean; timeout?: number }) =>
      perform(options, async ({ client, screen, json }) => {
        const text = await readPrompt(prompt, process.stdin);
        const started = await client.start(await startBody(text, options, process.cwd()));
        const { sessionId, runId } = started;
        if (options.detach || runId === null) {
          screen.out(json ? `${JSON.stringify(started)}\n` : `${sessionId}\n`);
          return EXIT.success;
        }
        if (!json) screen.err(`Session ${sessionId}\n`);
        return followToEnd({ client, screen }, { sessionId, runId, after: 0 }, { json, timeout: options.timeout });
      }),
    );
}

function addContinue(add: Add): void {
  add("continue <session> <prompt>", "Say something in a session and follow its run; - reads the standard input")
    .option("--steer", "hand it to the run that is on, instead of queueing another")
    .option("--detach", "do not follow; print the run's id")
    .action(
      (sessionId: string, prompt: string, options: Common & { steer?: boolean; detach?: boolean; timeout?: number }) =>
        perform(options, async ({ client, screen, json }) => {
          const content = await readPrompt(prompt, process.stdin);
          const { lastSeq: after } = await client.session(sessionId);
          const posted = await client.say(sessionId, { content, source: "cli", steer: options.steer ?? false });
          const { runId } = posted;
          if (options.detach || runId === null) {
            screen.out(json ? `${JSON.stringify(posted)}\n` : `${runId ?? sessionId}\n`);
            return EXIT.success;
          }
          return followToEnd({ client, screen }, { sessionId, runId, after }, { json, timeout: options.timeout });
        }),
    );
}

function addWait(add: Add): void {
  add("wait <session>", "Follow a session's newest run to its end").action(
    (sessionId: string, options: Common & { timeout?: number }) =>
      perform(options, async ({ client, screen, json }) => {
        const { items } = await client.runs(sessionId, 1);
        const [newest] = items;
        if (!newest)
          throw new AppError("invalid", "Nothing was asked in this session yet: there is no run to wait for");
        const run = { sessionId, runId: newest.runId, after: 0 };
        return followToEnd({ client, screen }, run, { json, timeout: options.timeout });
      }),
  );
}

function addLooking(add: Add): void {
  add("logs <session>", "Print the conversation and its tool calls; with --json one event a line")
    .option("-f, --follow", "go on with what comes")
    .action((sessionId: string, options: Common & { follow?: boolean }) =>
      perform(options, ({ client, screen, json }) =>
        printLogs({ client, screen }, sessionId, { json, follow: options.follow ?? false }),
      ),
    );
  add("stop <session>", "Stop the run that is on, and drop those that wait").action(
    (sessionId: string, options: Common) =>
      perform(options, async ({ client, screen, json }) => {
        const stopped = await client.stop(sessionId);
        const count = stopped.stopped.length;
        screen.out(
          json ? `${JSON.stringify(stopped)}\n` : count === 0 ? "Nothing was running\n" : `Stopped ${count}\n`,
        );
        return EXIT.success;
      }),
  );
  add("list", "List sessions, newest first")
    .option("--status <status>", "with this status; several with commas between")
    .option("--tag <tag>", "with this tag")
    .option("-q, --query <words>", "with these words")
    .option("--limit <n>", "at most so many", number, 20)
    .action((options: Common & { status?: string; tag?: string; query?: string; limit: number }) =>
      perform(options, async ({ client, screen, json }) => {
        const { status, tag, query: q, limit } = options;
        const page = await client.sessions({ status, tag, q, limit });
        screen.out(json ? `${JSON.stringify(page)}\n` : page.items.map((item) => `${sessionLine(item)}\n`).join(""));
        return EXIT.success;
      }),
    );
}
