import { ACTIONS } from "./actions.ts";
import { inlineCode } from "./mrkdwn.ts";
import type { SlackNotice } from "./notice.ts";

/** The longest text of an option. */
const MAX_OPTION = 75;
const BLOCK_ID = "question:";

/** The question a menu belongs to; undefined when it is not one of ours. */
export const questionOf = (blockId: string): string | undefined =>
  blockId.startsWith(BLOCK_ID) ? blockId.slice(BLOCK_ID.length) : undefined;

/** The question with its menu; with nothing to choose from it says how to write it. */
export function questionWords(
  { id, options }: { id: string; options: readonly string[] },
  { botUserId }: { botUserId: string },
): { text: string; blocks?: NonNullable<SlackNotice["blocks"]> } {
  const how = `say <@${botUserId}> ${inlineCode("repo owner/name")} in this thread`;
  const forAll = `${inlineCode("/claude repo owner/name")} sets it for this channel.`;
  if (options.length === 0) return { text: `Which repository is this about? Please ${how}; ${forAll}` };
  const text = "Which repository is this about?";
  const menu = {
    type: "static_select",
    action_id: ACTIONS.chooseRepository,
    placeholder: { type: "plain_text", text: "Choose a repository" },
    options: options.map((option, index) => ({
      text: { type: "plain_text", text: option.length <= MAX_OPTION ? option : `…${option.slice(1 - MAX_OPTION)}` },
      value: String(index),
    })),
  };
  const hint = `Not in the list? Please ${how}. ${forAll}`;
  return {
    text,
    blocks: [
      { type: "section", text: { type: "mrkdwn", text } },
      { type: "actions", block_id: `${BLOCK_ID}${id}`, elements: [menu] },
      { type: "context", elements: [{ type: "mrkdwn", text: hint }] },
    ],
  };
}
