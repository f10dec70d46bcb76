import type { KnownBlock, TaskUpdateChunk } from "@slack/types";
import { z } from "zod";
import { contextBlock, fallbackOf, markdownBlock, stopButton } from "./final-blocks.ts";
import type { Verbosity } from "./parse-command.ts";
import type { RunNow } from "./progress-queries.ts";
import type { RunView, ToolCall } from "./run-view.ts";
import { safeMarkdown, safeMrkdwn, safeTitle, settledLength } from "./safe-text.ts";
import { splitMarkdown } from "./split-markdown.ts";

/** What a live message is to show. */
export interface LiveContent {
  /** One line in plain words: what it waits for or does. */
  status: string;
  /** All that Claude said, as far as it may be shown; it only grows. */
  text: string;
  /** What is shown of it in a message that is edited: the newest. */
  latest: string;
  /** The calls that are shown one by one. */
  tools: readonly ToolCall[];
}

const WaitingFor = z.object({ text: z.string(), until: z.iso.datetime().nullable().default(null) });

/** A run that is on for so long is shown although it said nothing yet. */
const SILENT_MS = 2_000;
/** So is one that waits. */
const WAITING_MS = 3_000;
/** No more of a text is streamed; the answer brings all of it. */
const MAX_STREAMED = 8_000;
const MAX_LATEST = 2_500;
const MAX_STATUS = 200;
const MAX_TOOLS = 8;
/** What Slack takes as the title of a task. */
const MAX_TASK = 200;

function waitingText(waitingFor: unknown): string | undefined {
  const parsed = WaitingFor.safeParse(waitingFor);
  if (!parsed.success) return undefined;
  const { text, until } = parsed.data;
  return `Waits: ${text}${until === null ? "" : ` until ${until.slice(11, 16)} UTC`}`;
}

function statusOf({ status, waitingFor }: RunNow, { tools, toolCount, texts }: RunView): string {
  if (status !== "running") return waitingText(waitingFor) ?? "Waits for its turn";
  const newest = tools.at(-1);
  const doing = newest?.label ?? (texts.length > 0 ? "Writing" : "Thinking");
  return toolCount > 1 ? `${doing} · ${toolCount} tool calls` : doing;
}

/** What to show of a run; undefined while it is not worth a message. */
export function liveContent(now: RunNow, view: RunView, verbosity: Verbosity): LiveContent | undefined {
  const { texts, toolCount } = view;
  const began = now.status === "running" && (texts.length > 0 || toolCount > 0 || now.ageMs > SILENT_MS);
  const waits = now.status !== "running" && now.ageMs > WAITING_MS;
  if (!began && !waits) return undefined;
  const all = texts.join("\n\n");
  const latest = texts.at(-1) ?? "";
  return {
    status: safeTitle(statusOf(now, view), MAX_STATUS),
    text: safeMarkdown(all.slice(0, Math.min(settledLength(all), MAX_STREAMED)).replace(/[\uD800-\uDBFF]$/, "")),
    latest: splitMarkdown(safeMarkdown(latest.slice(0, settledLength(latest))), MAX_LATEST).at(-1) ?? "",
    tools: verbosity === "full" ? view.tools.slice(-MAX_TOOLS) : [],
  };
}

const MARKS: Readonly<Record<string, string>> = { running: "▸", succeeded: "✓" };

/** The message as it is edited: a status line, calls where they are wanted, the newest text, a button. */
export function liveMessage(content: LiveContent, sessionId: string): { text: string; blocks: KnownBlock[] } {
  const { status, latest, tools } = content;
  const calls = tools.map(({ label, status: how }) => `${MARKS[how] ?? "✗"} ${safeMrkdwn(safeTitle(label, MAX_TASK))}`);
  return {
    text: fallbackOf(status),
    blocks: [
      contextBlock(`:hourglass_flowing_sand: ${safeMrkdwn(status)}`),
      ...(calls.length > 0 ? [contextBlock(calls.join("\n"))] : []),
      ...(latest === "" ? [] : [markdownBlock(latest)]),
      stopButton(sessionId),
    ],
  };
}

const taskStatus = (status: string): TaskUpdateChunk["status"] => {
  if (status === "running") return "in_progress";
  return status === "succeeded" ? "complete" : "error";
};

const STATUS_TASK = "status";

/** The same for a stream: one task that changes its title, or one for each call. */
export function liveTasks({ status, tools }: LiveContent): TaskUpdateChunk[] {
  const folded: TaskUpdateChunk = { type: "task_update", id: STATUS_TASK, title: status, status: "in_progress" };
  const calls = tools.map(({ id, label, status: how }): TaskUpdateChunk => ({
    type: "task_update",
    id: id.slice(0, MAX_TASK),
    title: safeTitle(label, MAX_TASK),
    status: taskStatus(how),
  }));
  return [folded, ...calls];
}
