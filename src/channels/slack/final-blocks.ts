import type { ActionsBlock, Button, ContextBlock, KnownBlock, MarkdownBlock } from "@slack/types";
import type { RunFinished } from "../../contract/delivery.ts";
import { ACTIONS } from "./actions.ts";
import type { Verbosity } from "./parse-command.ts";
import { safeMrkdwn, safeTitle } from "./safe-text.ts";

/** Fallback texts are for notifications. */
const MAX_FALLBACK = 300;
const MAX_URL = 3_000;

export const linkButton = (name: string, label: string, url: string): Button => ({
  type: "button",
  action_id: `${ACTIONS.link}${name}`,
  text: { type: "plain_text", text: label },
  url: url.slice(0, MAX_URL),
});

export const stopButton = (sessionId: string): ActionsBlock => ({
  type: "actions",
  elements: [
    {
      type: "button",
      action_id: ACTIONS.stop,
      text: { type: "plain_text", text: "Stop" },
      style: "danger",
      value: sessionId,
    },
  ],
});

export const markdownBlock = (text: string): MarkdownBlock => ({ type: "markdown", text });

/** A small line; its text is mrkdwn of ours, foreign words in it are escaped. */
export const contextBlock = (text: string): ContextBlock => ({ type: "context", elements: [{ type: "mrkdwn", text }] });

/** What a notification shows of a text. */
export const fallbackOf = (markdown: string): string =>
  safeMrkdwn(safeTitle(markdown.replace(/^\s*(?:`{3,}.*|~{3,}.*|#+\s)/gmu, ""), MAX_FALLBACK)) || "…";

export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const costText = (usd: number): string => `$${usd < 0.1 ? usd.toFixed(3) : usd.toFixed(2)}`;

const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? "" : "s"}`;

function diffText(diff: RunFinished["diff"]): string | undefined {
  return diff && diff.files > 0 ? `${plural(diff.files, "file")} changed, +${diff.added} −${diff.removed}` : undefined;
}

function tokensText(usage: RunFinished["usage"]): string | undefined {
  if (!usage) return undefined;
  const read = usage.inputTokens + usage.cacheReadInputTokens + usage.cacheCreationInputTokens;
  return `${read.toLocaleString("en")} tokens in, ${usage.outputTokens.toLocaleString("en")} out`;
}

/** What a run took and changed, by how much a channel wants to know. Undefined: nothing. */
export function footerText(body: RunFinished, verbosity: Verbosity): string | undefined {
  const { durationMs, costUsd, turns, usage, diff } = body;
  const short = [
    durationMs === null ? undefined : durationText(durationMs),
    costUsd === null ? undefined : costText(costUsd),
    diffText(diff),
  ];
  const long = [turns === null ? undefined : plural(turns, "turn"), tokensText(usage)];
  const shown = verbosity === "result" ? [diffText(diff)] : verbosity === "minimal" ? short : [...short, ...long];
  const said = shown.filter((text) => text !== undefined);
  return said.length === 0 ? undefined : said.join(" · ");
}

/** What stands below an answer: what it took, what did not come along, where to go on. */
export function finalBlocks(
  body: RunFinished,
  { verbosity, refused }: { verbosity: Verbosity; refused: readonly { path: string; why: string }[] },
): KnownBlock[] {
  const footer = footerText(body, verbosity);
  const missing = refused
    .slice(0, 5)
    .map(
      ({ path, why }) =>
        `:warning: Not attached: ${safeMrkdwn(safeTitle(path, 200))}: ${safeMrkdwn(safeTitle(why, 200))}`,
    );
  const { dashboard } = body.links;
  const buttons = [linkButton("dashboard", "Open in dashboard", dashboard)];
  if (body.diff && body.diff.files > 0) buttons.push(linkButton("diff", "Show changes", `${dashboard}?tab=changes`));
  return [
    ...missing.map(contextBlock),
    ...(footer === undefined ? [] : [contextBlock(footer)]),
    { type: "actions", elements: buttons },
  ];
}
