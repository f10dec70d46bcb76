import type { Session } from "../../src/contract/session.ts";
import type { FakeMessage } from "./fake-slack/state.ts";
import { slackApp, until, type SlackApp } from "./slack-app.ts";

type Options = Parameters<typeof slackApp>[0];

/** What tests of receiving look at, in the first workspace. */
export interface ReceivingApp extends SlackApp {
  bot: string;
  /** The session that a post began. */
  sessionOf(ts: string): Promise<Session>;
  /** Waits for a message of ours in a thread, also one that a single person sees. */
  told(channel: string, threadTs: string | undefined, text: RegExp): Promise<FakeMessage>;
}

export const [GENERAL, DIRECT, ALICE, BOB] = ["CGENERAL1", "DALICE1", "UALICE1", "UBOB1"] as const;

export async function receivingApp({ environment, ...options }: NonNullable<Options> = {}): Promise<ReceivingApp> {
  const at = await slackApp({
    messageIntervalMs: 20,
    ...options,
    environment: { RUN_MAX_ATTEMPTS: "1", MAX_CONCURRENT_RUNS: "4", ...environment },
  });
  return {
    ...at,
    bot: `<@${at.slack.team().botUserId}>`,
    sessionOf: (ts) =>
      until(
        async () => (await at.sessions()).find(({ metadata }) => JSON.stringify(metadata).includes(ts)),
        () => `no session for ${ts}`,
      ),
    told: (channel, threadTs, text) =>
      until(
        () => at.slack.messages(channel, threadTs).find((one) => one.botId !== undefined && text.test(wordsOf(one))),
        () => `${text} not among ${JSON.stringify(at.slack.messages(channel, threadTs).map(wordsOf))}`,
      ),
  };
}

const wordsOf = ({ text, blocks, markdown }: FakeMessage): string => `${text} ${JSON.stringify(blocks)} ${markdown}`;

/** Who reacted with an emoji. */
export const reactedWith = (message: FakeMessage, name: string): string[] => [...(message.reactions.get(name) ?? [])];
