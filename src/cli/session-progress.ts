import type { SessionEvent } from "../contract/event.ts";
import { WaitingFor } from "../contract/session.ts";

/** What of a terminal's own language may stand in a text: line ends and tabs. All else could move its cursor or worse. */
const UNSAFE = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/gu;

/** Text of others, for a terminal. */
export const printable = (text: string): string => text.replaceAll("\r\n", "\n").replaceAll(UNSAFE, "");

const field = (data: SessionEvent["data"], name: string): string => {
  const value = data[name];
  return typeof value === "string" ? value : "";
};

/**
 * Prints a feed as it goes: Claude's text letter by letter, a line for each tool call and each change. Text that was
 * printed is never taken back, so it also works in a file.
 */
export function createProgress(write: (text: string) => void) {
  /** What of each text stands there already. */
  const printed = new Map<string, string>();
  const told = new Set<string>();
  let current: string | undefined;

  function line(words: string): void {
    if (current !== undefined) write("\n");
    current = undefined;
    write(`${printable(words)}\n`);
  }

  /** Says it once, however often it is told. */
  function once(key: string, words: string): void {
    if (told.has(key)) return;
    told.add(key);
    line(words);
  }

  function text(key: string, data: SessionEvent["data"]): void {
    const whole = field(data, "text");
    if (field(data, "agent") !== "" || whole === "") return;
    const before = printed.get(key) ?? "";
    if (current !== key && current !== undefined) write("\n");
    current = key;
    // The final text may differ from the live one; then it is said again, whole.
    write(printable(whole.startsWith(before) ? whole.slice(before.length) : `\n${whole}`));
    printed.set(key, whole);
    if (data["final"] === true) {
      write("\n");
      current = undefined;
    }
  }

  function tool(key: string, data: SessionEvent["data"]): void {
    const [name, summary, status] = [field(data, "tool"), field(data, "summary"), field(data, "status")];
    once(key, `  > ${name}${summary === "" ? "" : `: ${summary}`}`);
    if (status === "failed" || status === "denied") once(`${key}:${status}`, `    ${name} ${status}`);
  }

  function run(runId: string, data: SessionEvent["data"]): void {
    const status = field(data, "status");
    const why = WaitingFor.safeParse(data["waitingFor"]).data?.text ?? "";
    if (status === "waiting") once(`${runId}:waiting:${why}`, `  … waiting${why === "" ? "" : `: ${why}`}`);
    if (status === "running") once(`${runId}:running:${JSON.stringify(data["attempt"])}`, "  … running");
  }

  return {
    line,
    event({ seq, type, key, runId, data }: SessionEvent): void {
      const name = key ?? String(seq);
      if (type === "text") text(name, data);
      if (type === "tool") tool(name, data);
      if (type === "run") run(runId ?? name, data);
      if (type === "retry") once(`${name}:${seq}`, "  … the model did not answer; trying again");
      if (type === "notification") once(name, `  … ${field(data, "message")}`);
    },
    /** Ends a line that is still open. */
    end(): void {
      if (current !== undefined) write("\n");
      current = undefined;
    },
  };
}

export type Progress = ReturnType<typeof createProgress>;
