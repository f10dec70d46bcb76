import type { KnownBlock } from "@slack/types";
import type { RunFinished } from "../../contract/delivery.ts";
import type { OutgoingFile, OutgoingFiles } from "../../deliveries/channel.ts";
import { fallbackOf, finalBlocks, markdownBlock } from "./final-blocks.ts";
import type { Verbosity } from "./parse-command.ts";
import { safeMarkdown } from "./safe-text.ts";
import { splitMarkdown } from "./split-markdown.ts";

/** One message, ready to be sent. */
export interface Post {
  text: string;
  blocks: KnownBlock[];
}

export interface Posts {
  posts: Post[];
  files: OutgoingFile[];
}

/** Slack takes 12,000 characters in all markdown blocks of a message; with what stands beside them 10,000 are safe. */
const MAX_PART = 9_500;
/** More messages than this are a wall. */
const MAX_PARTS = 3;
/** What is shown of an answer that comes as a file. */
const MAX_BEGINNING = 3_000;
/** What Claude answers when there is nothing to say. */
const NO_REPLY = "NO_REPLY";

export const isSilent = (text: string): boolean => text.trim() === NO_REPLY;

/** A text as messages that can ping nobody; one that is too long comes as its beginning and a file. */
export function postsOf(text: string): Posts {
  const safe = safeMarkdown(text);
  const parts = splitMarkdown(safe, MAX_PART);
  if (parts.length <= MAX_PARTS) return { posts: parts.map(postOf), files: [] };
  const [beginning = ""] = splitMarkdown(safe, MAX_BEGINNING);
  const content = Buffer.from(text);
  const rest = `*The answer has ${text.length.toLocaleString("en")} characters; all of it is in the file answer.md.*`;
  return {
    posts: [postOf(`${beginning}\n\n${rest}`)],
    files: [{ name: "answer.md", mediaType: "text/markdown", size: content.length, content }],
  };
}

const postOf = (markdown: string): Post => ({ text: fallbackOf(markdown), blocks: [markdownBlock(markdown)] });

/** What is said of a run that did not answer. */
function failureText({ status, error }: RunFinished): string {
  const why = error?.trim() ?? "";
  if (status === "cancelled") return `🛑 ${why === "" ? "Stopped." : why}`;
  return `⚠️ **This did not work out.** ${why === "" ? "Claude ended without an answer." : why}`;
}

function textOf(body: RunFinished, { text, files }: OutgoingFiles): string {
  if (body.status !== "succeeded") return failureText(body);
  if (text.trim() !== "") return text;
  return files.length > 0 ? "Here is what you asked for." : "Claude ended without an answer.";
}

/** The messages and files of a run's end: what it took and the buttons stand below the last message. */
export function answerPosts(body: RunFinished, outgoing: OutgoingFiles, verbosity: Verbosity): Posts {
  const { posts, files } = postsOf(textOf(body, outgoing));
  const last = posts.at(-1);
  last?.blocks.push(...finalBlocks(body, { verbosity, refused: outgoing.refused }));
  return { posts, files: [...files, ...outgoing.files] };
}
