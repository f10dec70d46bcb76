import type { Source } from "../../contract/session.ts";

const MAX_QUESTION = 300;

const WHERE: Record<Source, string> = {
  api: "through the API",
  dashboard: "in the dashboard",
  cli: "on the command line",
  mcp: "through MCP",
  slack: "in Slack",
  email: "by mail",
  n8n: "through n8n",
  schedule: "on a schedule",
  github: "on GitHub",
  hub: "through the hub",
  claude: "as Claude",
};

const where = (source: string): string => WHERE[source as Source] ?? `through ${source}`;
const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

interface Said {
  author: string | null;
  source: string;
  content: string;
}

/** For readers who did not ask: who asked what, and where, in one line. */
export function askedLine({ author, source, content }: Said): string {
  const question = oneLine(content);
  const shown = question.length > MAX_QUESTION ? `${question.slice(0, MAX_QUESTION).toWellFormed()}…` : question;
  return `${oneLine(author ?? "") || "Somebody"} asked ${where(source)}: ${shown}`;
}

/** Above something that a person or a program said in the session; null for Claude itself. */
export function saidLine({ author, source }: Omit<Said, "content">): string | null {
  const name = oneLine(author ?? "");
  return source === "claude" || name === "" ? null : `${name} wrote ${where(source)}:`;
}
