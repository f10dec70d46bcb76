import { z } from "zod";
import type { RunEvent } from "./progress-queries.ts";

const TextData = z.object({ text: z.string(), agent: z.string().nullable().default(null) });
const ToolData = z.object({ tool: z.string(), summary: z.string().default(""), status: z.string().default("running") });

export interface ToolCall {
  id: string;
  /** `Bash: npm test`. */
  label: string;
  status: string;
}

/** More texts or calls of one run are not shown one by one. */
const MAX_KEPT = 100;

export interface RunView {
  take(events: readonly RunEvent[]): void;
  /** What Claude said so far, in the order in which it began to. */
  readonly texts: readonly string[];
  /** The newest tool calls in their order. */
  readonly tools: readonly ToolCall[];
  readonly toolCount: number;
  /** The seq to go on from. */
  readonly seq: number;
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MAX_KEPT && oldest !== undefined) map.delete(oldest);
}

/** What a run did so far, put together from events of the feed. What its agents say is left out. */
export function createRunView(): RunView {
  const texts = new Map<string, { text: string; at: number }>();
  const tools = new Map<string, ToolCall>();
  let [toolCount, seq] = [0, 0];

  function takeText({ key, data, createdAt }: RunEvent): void {
    const parsed = TextData.safeParse(data);
    if (!parsed.success || parsed.data.agent !== null || key === null) return;
    keep(texts, key, { text: parsed.data.text, at: createdAt.getTime() });
  }

  function takeTool({ key, data, seq: id }: RunEvent): void {
    const parsed = ToolData.safeParse(data);
    if (!parsed.success) return;
    const { tool, summary, status } = parsed.data;
    const name = key ?? String(id);
    if (!tools.has(name)) toolCount += 1;
    keep(tools, name, { id: name, label: summary === "" ? tool : `${tool}: ${summary}`, status });
  }

  return {
    take(events) {
      for (const event of events) {
        seq = Math.max(seq, event.seq);
        if (event.type === "text") takeText(event);
        else takeTool(event);
      }
    },
    get texts() {
      return [...texts.values()]
        .toSorted((a, b) => a.at - b.at)
        .map(({ text }) => text)
        .filter((text) => text.trim() !== "");
    },
    get tools() {
      return [...tools.values()];
    },
    get toolCount() {
      return toolCount;
    },
    get seq() {
      return seq;
    },
  };
}
