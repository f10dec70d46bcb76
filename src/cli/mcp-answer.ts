import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { AppError } from "../lib/errors.ts";
import type { ApiClient } from "./api-client.ts";
import { resultFacts, resultText } from "./mcp-words.ts";
import { errorText } from "./session-output.ts";

/** A failure that was foreseen is an answer the model can read; anything else is the SDK's to report. */
export async function answer(
  work: () => Promise<{ text: string; facts: Record<string, unknown> }>,
): Promise<CallToolResult> {
  try {
    const { text, facts } = await work();
    return { content: [{ type: "text", text }], structuredContent: facts };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { isError: true, content: [{ type: "text", text: errorText(error) }] };
  }
}

/** Waits for a run, but not longer than was said; a client that gives up earlier ends the waiting only. */
export async function followed(
  client: ApiClient,
  { runId, wait, signal }: { runId: string | null | undefined; wait: number; signal: AbortSignal },
) {
  if (typeof runId !== "string")
    throw new AppError("not_found", "There is no run: nothing was asked in this session yet");
  const result = await client.result(runId, { wait, signal });
  return { text: resultText(result), facts: resultFacts(result) };
}
