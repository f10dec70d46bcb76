import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { AppError } from "../lib/errors.ts";
import type { ApiClient } from "./api-client.ts";
import { answer, followed } from "./mcp-answer.ts";
import * as shapes from "./mcp-shapes.ts";

const WORKING = { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true } as const;

/** What a message of this client is signed with. */
const authorOf = (server: McpServer): string => server.server.getClientVersion()?.name.slice(0, 200) || "an MCP client";

/** The tools that hand work over, and end it. */
export function addWorkingTools(server: McpServer, client: ApiClient): void {
  addStart(server, client);
  server.registerTool(
    "continue_session",
    {
      title: "Continue a session",
      description:
        "Says something more in a session that exists: it remembers its conversation and its files are as it left them. While a run is on, it waits its turn, or goes to that run with `steer`. Waits as start_session does.",
      inputSchema: shapes.continueInput,
      outputSchema: shapes.resultOutput,
      annotations: WORKING,
    },
    ({ sessionId, prompt, steer, waitSeconds }, { signal }) =>
      answer(async () => {
        const { runId } = await client.say(sessionId, {
          content: prompt,
          source: "mcp",
          author: authorOf(server),
          steer,
        });
        return followed(client, { runId, wait: waitSeconds, signal });
      }),
  );
  server.registerTool(
    "stop_session",
    {
      title: "Stop a session's work",
      description:
        "Stops the run that is on, with everything it started, and drops those that wait. It can be continued.",
      inputSchema: shapes.stopInput,
      outputSchema: shapes.stopOutput,
      annotations: { ...WORKING, destructiveHint: true, idempotentHint: true },
    },
    ({ sessionId }) =>
      answer(async () => {
        const stopped = (await client.stop(sessionId)).stopped.length;
        return { text: stopped === 0 ? "Nothing was running." : `Stopped ${stopped}.`, facts: { sessionId, stopped } };
      }),
  );
}

function addStart(server: McpServer, client: ApiClient): void {
  server.registerTool(
    "start_session",
    {
      title: "Start a session",
      description:
        "Hands a task to another Claude Code in a workspace of its own (a clone of `repository`, or `path` on the orchestrator's machine; one of the two) and waits up to waitSeconds for its answer. When it is not finished by then, it goes on: call get_result with the runId.",
      inputSchema: shapes.startInput,
      outputSchema: shapes.resultOutput,
      annotations: WORKING,
    },
    ({ prompt, repository, path, worktree, waitSeconds, ...options }, { signal }) =>
      answer(async () => {
        if ((repository === undefined) === (path === undefined))
          throw new AppError("invalid", "Say where to work: either repository or path");
        const place =
          repository === undefined
            ? { projectType: worktree ? ("worktree" as const) : ("local" as const), projectPath: path }
            : { projectType: "github" as const, githubRepo: repository };
        const said = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
        const { runId } = await client.start({
          ...place,
          ...said,
          initialPrompt: prompt,
          source: "mcp",
          author: authorOf(server),
        });
        return followed(client, { runId, wait: waitSeconds, signal });
      }),
  );
}
