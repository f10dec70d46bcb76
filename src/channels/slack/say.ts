import type { NoticeService } from "../../deliveries/notice-service.ts";
import type { SlackNotice } from "./notice.ts";

/** Where something is said. */
export interface Where {
  team: string;
  channel: string;
  threadTs: string | null;
}

export interface Said extends Where {
  /** The same key twice is said once. */
  key: string;
  /** mrkdwn of ours; foreign words in it are escaped. */
  text: string;
  /** Only this person sees it. */
  user?: string;
  blocks?: NonNullable<SlackNotice["blocks"]>;
}

export type Say = (said: Said) => Promise<void>;

const MAX_TEXT = 3_000;

const cut = (text: string): string => (text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT - 1)}…`);

/** Says something of the door's own accord: queued with the deliveries, so that it survives us and is said once. */
export function createSay({ outbox }: { outbox: Pick<NoticeService, "notice"> }): Say {
  return ({ key, team, channel, threadTs, text, user, blocks }) => {
    const body: SlackNotice = {
      type: "notice",
      team,
      channel,
      threadTs,
      user: user ?? null,
      text: cut(text),
      ...(blocks && { blocks }),
    };
    const address = `${team}:${channel}:${threadTs ?? ""}`;
    return outbox.notice({
      key: `slack:${key}`,
      sessionId: null,
      kind: "slack",
      address,
      threadKey: `slack:notice:${address}`,
      body: { ...body },
    });
  };
}
