import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { VERSION } from "../lib/version.ts";
import type { ApiClient } from "./api-client.ts";
import { addLookingTools } from "./mcp-looking.ts";
import { addWorkingTools } from "./mcp-working.ts";

const INSTRUCTIONS = `Hands work to other Claude Code sessions, which run on an orchestrator in workspaces of their own, for minutes or hours, also when this conversation ends.
start_session begins one and waits a little; get_result waits on; continue_session says more in the same conversation and workspace; get_status shows what it is doing; stop_session ends its work. Keep the sessionId. Several sessions run side by side: start all with waitSeconds 0, then get the results.`;

/** The tools by which another Claude hands work to this orchestrator. */
export function createMcpServer(client: ApiClient): McpServer {
  const server = new McpServer(
    { name: "claude-orchestrator", title: "Claude Orchestrator", version: VERSION },
    { instructions: INSTRUCTIONS },
  );
  addWorkingTools(server, client);
  addLookingTools(server, client);
  return server;
}
