import type { Session } from "../../contract/session.ts";
import { mailWords } from "./help.ts";
import { escapeMrkdwn, inlineCode } from "./mrkdwn.ts";
import { DEFAULT_MODE } from "./route-post.ts";
import type { ChannelSettings } from "./slack-queries.ts";

const usd = (amount: number): string => `$${amount.toFixed(2)}`;

/** What a session is doing, for its thread. */
export function sessionStatusWords(
  session: Session,
  { baseUrl, muted, mailAddress }: { baseUrl: string; muted: boolean; mailAddress: string | null },
): string {
  const { title, status, waitingFor, activity, githubRepo, workBranch, runCount, costUsd, sessionId } = session;
  const waits = waitingFor ? ` (waits: ${escapeMrkdwn(waitingFor.text)})` : "";
  const lines = [
    `*${escapeMrkdwn(title)}*: ${status}${waits}`,
    activity === null ? "" : escapeMrkdwn(activity),
    githubRepo === null ? "" : `${inlineCode(githubRepo)}${workBranch === null ? "" : ` on ${inlineCode(workBranch)}`}`,
    `${runCount} ${runCount === 1 ? "run" : "runs"}, ${usd(costUsd)}${muted ? ", this thread is muted" : ""}`,
    mailAddress === null ? "" : mailWords(mailAddress),
    `<${baseUrl}/sessions/${sessionId}|Open in the dashboard>`,
  ];
  return lines.filter((line) => line !== "").join("\n");
}

/** What is set for a channel, and what went on there lately. */
export function channelStatusWords(
  { repository, mode, verbosity }: ChannelSettings,
  sessions: readonly { title: string; status: string }[],
): string {
  const set = [
    `repository ${repository === null ? "not set" : inlineCode(repository)}`,
    `mode ${mode ?? DEFAULT_MODE}`,
    `verbosity ${verbosity ?? "minimal"}`,
  ];
  const lately = sessions.map(({ title, status }) => `• ${escapeMrkdwn(title)}: ${status}`);
  return [`This channel: ${set.join(", ")}.`, ...(lately.length > 0 ? ["The latest sessions:", ...lately] : [])].join(
    "\n",
  );
}
