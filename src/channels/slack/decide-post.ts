import { chooseRepository } from "./choose-repository.ts";
import { inlineCode } from "./mrkdwn.ts";
import type { PostDecision } from "./post-decision.ts";
import type { Post } from "./post.ts";
import type { HandlerParts } from "./slack-parts.ts";

const MAX_FORWARDED = 4_000;

interface Asked {
  /** What was written, as people read it. */
  text: string;
  author: string;
  /** The session of the thread it stands in. */
  sessionId: string | undefined;
  /** The repository people chose for the channel. */
  linked: string | null;
}

/** Decides what a post asks for: to go on, to begin somewhere, or to be asked where. */
export async function decidePost(
  { config, people }: Pick<HandlerParts, "config" | "people">,
  post: Post,
  { text, author, sessionId, linked }: Asked,
): Promise<PostDecision> {
  const base = { author, text: withForwarded(text, post), files: post.files };
  if (sessionId !== undefined) return { is: "continue", ...base, sessionId };
  const name = post.isDirect ? null : await people.channelName(post.team, post.channel);
  const choice = chooseRepository(config, { text, channel: { id: post.channel, name }, linked });
  switch (choice.is) {
    case "chosen":
      return { is: "start", ...base, repository: choice.repository, why: choice.why };
    case "ask":
      return { is: "ask", ...base, options: choice.options };
    case "not_allowed":
      return { is: "wrong", ...base, problem: notAllowed(choice.repository) };
  }
}

/** For the person who asked for it. */
export const notAllowed = (repository: string): string =>
  `${inlineCode(repository)} is not one of the repositories I may work on; whoever runs me can add it (SLACK_REPOS).`;

/** What others said elsewhere and was forwarded, as a quotation. */
function withForwarded(text: string, { forwarded, files }: Post): string {
  const quoted = forwarded.map(
    ({ author, text: said }) =>
      `Forwarded, said by ${author}:\n${said
        .slice(0, MAX_FORWARDED)
        .split("\n")
        .map((line) => `> ${line}`)
        .join("\n")}`,
  );
  const all = [text, ...quoted].filter((part) => part !== "").join("\n\n");
  return all === "" && files.length > 0 ? "(Files without a word; look at them.)" : all;
}
