import type { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { AppError } from "../lib/errors.ts";
import type { ApiClient } from "./api-client.ts";
import { answer, followed } from "./mcp-answer.ts";
import * as shapes from "./mcp-shapes.ts";
import { listText, sessionFacts, statusText } from "./mcp-words.ts";

const LOOKING = { readOnlyHint: true, openWorldHint: false } as const;

/** The tools that change nothing. */
export function addLookingTools(server: McpServer, client: ApiClient): void {
  server.registerTool(
    "get_result",
    {
      title: "Get a run's result",
      description:
        "What became of a run: its answer, cost and what it changed. Waits up to waitSeconds while it goes on; `ended` false means call again. Takes a runId, or a sessionId for its newest run.",
      inputSchema: shapes.resultInput,
      outputSchema: shapes.resultOutput,
      annotations: LOOKING,
    },
    ({ runId, sessionId, waitSeconds }, { signal }) =>
      answer(async () => {
        if (runId === undefined && sessionId === undefined)
          throw new AppError("invalid", "Say which run: runId, or sessionId for its newest one");
        const newest = runId ?? (await client.runs(sessionId ?? "", 1)).items[0]?.runId;
        return followed(client, { runId: newest, wait: waitSeconds, signal });
      }),
  );
  server.registerTool(
    "get_status",
    {
      title: "Get a session's status",
      description:
        "Where a session stands right now, without waiting: what it does or waits for, and its latest tool calls.",
      inputSchema: shapes.statusInput,
      outputSchema: shapes.statusOutput,
      annotations: LOOKING,
    },
    ({ sessionId, toolCalls }) =>
      answer(async () => {
        const session = await client.session(sessionId);
        const calls = toolCalls === 0 ? [] : (await client.calls(sessionId, toolCalls)).items;
        return { text: statusText(session, calls), facts: sessionFacts(session) };
      }),
  );
  server.registerTool(
    "list_sessions",
    {
      title: "List sessions",
      description: "The newest sessions of this orchestrator, to find one to look at or to continue.",
      inputSchema: shapes.listInput,
      outputSchema: shapes.listOutput,
      annotations: LOOKING,
    },
    ({ status, query, limit }) =>
      answer(async () => {
        const { items } = await client.sessions({ status: status?.join(","), q: query, limit });
        return { text: listText(items), facts: { sessions: items.map(sessionFacts) } };
      }),
  );
}
