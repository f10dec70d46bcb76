import { once } from "node:events";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { Command } from "commander";
import { readClientConfig } from "../config-client.ts";
import { createApiClient } from "./api-client.ts";
import { createMcpServer } from "./mcp-server.ts";

/** `claude-orchestrator mcp`: an MCP server on standard input and output, a thin user of the HTTP API. */
export const mcpCommand = (): Command =>
  new Command("mcp")
    .description("Let a Claude hand work to a server: an MCP server over standard input and output")
    .option("--url <url>", "the server; else CLAUDE_ORCHESTRATOR_URL, else http://127.0.0.1:3001")
    .option("--key-file <file>", "a file that holds the API key; else the environment's")
    .action(async (options: { url?: string; keyFile?: string }) => {
      const server = createMcpServer(createApiClient(readClientConfig(options)));
      await server.connect(new StdioServerTransport());
      // The client ends us by closing our input; what it still waits for is of no use to anybody then.
      await once(process.stdin, "close");
      await server.close();
    });
