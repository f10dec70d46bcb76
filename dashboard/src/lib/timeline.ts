import type { CommandLog } from "../../../src/contract/command-log.ts";
import type { SessionEvent } from "../../../src/contract/event.ts";
import type { Message } from "../../../src/contract/message.ts";
import type { Run } from "../../../src/contract/run.ts";
import { eventText } from "./event-words.ts";

/** One thing of the conversation, in the order it is read. */
export type Item =
  | { kind: "message"; id: string; at: string; message: Message; continued: boolean }
  | { kind: "text"; id: string; at: string; text: string; runId: string | null; live: boolean; continued: boolean }
  | { kind: "tools"; id: string; at: string; logs: CommandLog[]; runId: string | null }
  | { kind: "note"; id: string; at: string; text: string; tone: "wait" | "need" }
  | { kind: "run"; id: string; at: string; run: Run };

export interface Told {
  messages: readonly Message[];
  logs: readonly CommandLog[];
  runs: readonly Run[];
  events: readonly SessionEvent[];
}

const FINISHED = new Set<Run["status"]>(["succeeded", "failed", "cancelled"]);

/** An inbound message waits above the composer until a run takes it in. */
export function isPending(message: Message, runs: readonly Run[]): boolean {
  if (message.direction !== "inbound") return false;
  const run = runs.find((candidate) => candidate.messageId === message.messageId);
  const status = run?.status ?? message.status;
  return status === "queued" || (status === "waiting" && run?.startedAt == null);
}

const squeezed = (text: string): string => text.replace(/\s+/gu, " ").trim();

/** A block of Claude's text is left out once the saved answer of its run says the same. */
function isSaid(event: SessionEvent, answers: ReadonlyMap<string, string>): boolean {
  const answer = event.runId === null ? undefined : answers.get(event.runId);
  return answer !== undefined && answer.includes(squeezed(eventText(event)));
}

/** How a run failed is told where it ended; the same text as a message would say it twice. */
function isFailureText(message: Message, runs: readonly Run[]): boolean {
  if (message.direction !== "outbound") return false;
  const error = runs.find((run) => run.runId === message.runId && run.status === "failed")?.error;
  return error != null && squeezed(error) === squeezed(message.content);
}

function messageItems({ messages, runs }: Told): Item[] {
  const byMessage = new Map(runs.map((run) => [run.messageId, run]));
  return messages
    .filter((message) => !isPending(message, runs) && !isFailureText(message, runs))
    .map((message) => {
      // A queued message is read when its run starts; that is where it belongs in the conversation.
      const started = message.direction === "inbound" ? byMessage.get(message.messageId)?.startedAt : undefined;
      const at = started && started > message.timestamp ? started : message.timestamp;
      return { kind: "message", id: message.messageId, at, message, continued: false };
    });
}

function eventItems({ events, messages, runs }: Told): Item[] {
  const answers = new Map<string, string>();
  for (const { direction, runId, content } of messages)
    if (direction === "outbound" && runId) answers.set(runId, `${answers.get(runId) ?? ""} ${squeezed(content)}`);
  const going = new Set(runs.filter((run) => !FINISHED.has(run.status)).map((run) => run.runId));
  return events.flatMap((event): Item[] => {
    const text = eventText(event);
    if (!text.trim()) return [];
    const id = event.key ?? `${event.sessionId}#${event.seq}`;
    const { timestamp: at, runId } = event;
    if (event.type !== "text") return [{ kind: "note", id, at, text, tone: event.type === "limit" ? "need" : "wait" }];
    if (isSaid(event, answers)) return [];
    return [{ kind: "text", id, at, text, runId, live: runId !== null && going.has(runId), continued: false }];
  });
}

function runItems({ runs, messages, logs }: Told): Item[] {
  return runs
    .filter((run) => run.finishedAt !== null && FINISHED.has(run.status))
    .map((run) => {
      // Its answer may be written a moment after it ended, and still belongs before the end.
      const told = [...messages.filter((message) => message.direction === "outbound"), ...logs];
      const ends = told.filter((one) => one.runId === run.runId).map((one) => one.timestamp);
      const at = [run.finishedAt ?? "", ...ends].toSorted().at(-1) ?? "";
      return { kind: "run", id: `run-${run.runId}`, at, run };
    });
}

function toolItems({ logs }: Told): Item[] {
  return logs.map((log) => ({ kind: "tools", id: log.logId, at: log.timestamp, logs: [log], runId: log.runId }));
}

/** At the same moment: what was asked, what was done, what was said, how it ended. */
const RANK: Record<Item["kind"], number> = { note: 0, tools: 2, text: 3, message: 3, run: 4 };
const rank = (item: Item): number =>
  item.kind === "message" && item.message.direction === "inbound" ? 1 : RANK[item.kind];

const byTime = (a: Item, b: Item): number => Date.parse(a.at) - Date.parse(b.at) || rank(a) - rank(b);

/** Folds successive calls into one group. */
function fold(items: readonly Item[]): Item[] {
  const folded: Item[] = [];
  for (const item of items) {
    const last = folded.at(-1);
    if (item.kind === "tools" && last?.kind === "tools" && last.runId === item.runId) last.logs.push(...item.logs);
    else folded.push(item.kind === "tools" ? { ...item, logs: [...item.logs] } : item);
  }
  return folded;
}

const isAnswer = (item: Item): boolean => item.kind === "message" && item.message.direction === "outbound";

/** Claude is named once, until somebody else speaks or the run ends. Only the very last text can still be growing. */
function name(items: readonly Item[]): Item[] {
  let speaking = false;
  return items.map((item) => {
    const continued = speaking;
    if (item.kind === "text" || isAnswer(item)) speaking = true;
    else if (item.kind === "message" || item.kind === "run") speaking = false;
    if (item.kind === "text") return { ...item, continued, live: item.live && item === items.at(-1) };
    return item.kind === "message" && isAnswer(item) ? { ...item, continued } : item;
  });
}

/** The conversation from all that is told about a session. `from` hides what lies before it, until all parts reach that far. */
export function timeline(told: Told, from = ""): Item[] {
  const items = [...messageItems(told), ...toolItems(told), ...eventItems(told), ...runItems(told)].filter(
    (item) => item.at >= from,
  );
  return name(fold(items.toSorted(byTime)));
}
