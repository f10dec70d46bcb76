import type { Scenario } from "../../demo/script-player.ts";
import type { Message } from "../../demo/script.ts";

/** Work that shows when it is done twice: Bash calls, each of which appends its own number to a file. */
export interface LineJob {
  label: string;
  from: number;
  to: number;
  /** How long one call takes; the line is written in the middle of it. */
  callMs: number;
  /** The file the lines are appended to; relative to the workspace. */
  file: string;
}

export const jobPrompt = ({ label, from, to, callMs, file }: LineJob): string =>
  `JOB ${label} ${from}-${to} ${callMs}ms ${file}`;

/** What the model says when all lines of a job are written. */
export const jobAnswer = ({ label }: Pick<LineJob, "label">): string => `${label}: done.`;

const PROMPT = /JOB (\S+) (\d+)-(\d+) (\d+)ms (\S+)/;

/**
 * Plays a line job as a trusting model would: after an interruption it goes on behind the last call whose result stands
 * in the conversation, without looking into the file. So a call whose result was lost is made again, and a prompt that is
 * said twice does everything twice.
 */
export const lineJobs: Scenario = ({ messages }) => {
  const texts = messages.map((message) => (message.role === "user" ? wordsOf(message) : ""));
  const at = texts.findLastIndex((text) => PROMPT.test(text));
  const job = parseJob(texts[at]);
  if (!job) return undefined;
  const results = JSON.stringify(messages.slice(at));
  for (let number = job.from; number <= job.to; number++)
    if (!results.includes(report(job.label, number))) return { bash: command(job, number) };
  return { text: jobAnswer(job) };
};

const report = (label: string, number: number): string => `wrote-${label}-line-${number}.`;

/** The report is put together by the shell, so that the call itself does not contain it. */
function command({ label, callMs, file }: LineJob, number: number): string {
  const half = (callMs / 2_000).toFixed(2);
  return `sleep ${half}; echo ${number} >> ${file}; sleep ${half}; printf 'wrote-%s-line-%s.\\n' ${label} ${number}`;
}

function parseJob(text = ""): LineJob | undefined {
  const [, label, from, to, callMs, file] = PROMPT.exec(text) ?? [];
  if (label === undefined || file === undefined) return undefined;
  return { label, from: Number(from), to: Number(to), callMs: Number(callMs), file };
}

function wordsOf({ content }: Message): string {
  if (typeof content === "string") return content;
  return content.map((block) => (block.type === "text" ? (block.text ?? "") : "")).join("\n");
}
