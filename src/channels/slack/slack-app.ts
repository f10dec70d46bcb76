import { App, type Receiver } from "@slack/bolt";
import { AppError } from "../../lib/errors.ts";
import type { Handled, PostHandler } from "./handle-post.ts";
import type { ReactionHandler } from "./handle-reaction.ts";
import type { Installations } from "./installation.ts";
import type { Interactions } from "./interactions.ts";
import { readPost } from "./post.ts";
import { quietSlackLogger } from "./slack-logger.ts";

interface Parts {
  installations: Pick<Installations, "find" | "remove">;
  apiUrl: string;
  posts: PostHandler;
  reactions: ReactionHandler;
  interactions: Interactions;
}

/** What an event's handler says, carried through Bolt. */
interface Handling {
  signal: AbortSignal;
  handled: Handled;
}

/** Requests come to us first, and go to Bolt when they are verified and kept. */
const ownReceiver: Receiver = {
  init: () => {},
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

/** Bolt's application: which listener hears what. Everything it is given was verified before. */
export function createSlackApp({ installations, apiUrl, posts, reactions, interactions }: Parts) {
  const app = new App({
    receiver: ownReceiver,
    // A workspace without our app has no bot there; its events are refused below.
    authorize: async ({ teamId = "" }) => {
      const found = await installations.find(teamId);
      return { teamId, ...(found && { botToken: found.botToken, botUserId: found.botUserId }) };
    },
    // It would ask by `botId`, which not every installation knows; own posts are told apart by what they are.
    ignoreSelf: false,
    convoStore: false,
    logger: quietSlackLogger(),
    clientOptions: { slackApiUrl: apiUrl, retryConfig: { retries: 0 } },
  });
  app.error(async (error) => {
    throw error;
  });

  for (const name of ["app_mention", "message"] as const)
    app.event(name, async ({ event, context }) => {
      const place = placeOf(context);
      const { handling } = context as unknown as { handling: Handling };
      if (!place) return refuse(handling);
      const post = readPost(event, place);
      if (post) handling.handled = await posts(post, { ...place, signal: handling.signal });
    });

  app.event("reaction_added", async ({ event, context }) => {
    const place = placeOf(context);
    const { handling } = context as unknown as { handling: Handling };
    if (!place) return refuse(handling);
    handling.handled = await reactions(event, place);
  });

  app.event("app_uninstalled", async ({ context, body }) => {
    if (context.teamId !== undefined) await installations.remove(context.teamId, new Date(body.event_time * 1000));
  });

  app.event("tokens_revoked", async ({ context, body, event }) => {
    const isOurs = (event.tokens.bot ?? []).length > 0; // Else those of people, which we do not have.
    if (context.teamId !== undefined && isOurs)
      await installations.remove(context.teamId, new Date(body.event_time * 1000));
  });

  app.action(/.*/, async ({ body, context, ack }) => {
    if (context.teamId !== undefined) await interactions.press(body, context.teamId);
    await ack();
  });

  app.command(/.*/, async ({ body, context, ack }) => {
    const text = await interactions.slash(body, context.teamId ?? body.team_id);
    await ack({ response_type: "ephemeral", text });
  });

  return dispatcherOf(app);
}

/** How what was verified is given to Bolt. */
function dispatcherOf(app: App) {
  return {
    /** Handles an event that was kept. */
    async event(body: Record<string, unknown>, signal: AbortSignal): Promise<Handled> {
      const handling: Handling = { signal, handled: { is: "done" } };
      await app.processEvent({ body, ack: () => Promise.resolve(), customProperties: { handling } });
      return handling.handled;
    },

    /** Handles what somebody waits for; resolves with the reply, which may be empty. */
    interaction(body: Record<string, unknown>): Promise<unknown> {
      return new Promise((resolve, reject) => {
        const ack = (reply?: unknown): Promise<void> => Promise.resolve(resolve(reply));
        app.processEvent({ body, ack }).then(
          () => resolve(undefined),
          (error: unknown) => reject(faultOf(error)),
        );
      });
    },
  };
}

export type SlackApp = ReturnType<typeof createSlackApp>;

function placeOf({ teamId, botUserId }: { teamId?: string; botUserId?: string }) {
  return teamId === undefined || botUserId === undefined ? undefined : { team: teamId, botUserId };
}

function refuse(handling: Handling): void {
  handling.handled = { is: "refused", reason: "the app is not installed in that workspace" };
}

/** Bolt wraps what its listeners throw. */
function faultOf(error: unknown): Error {
  const inner = error instanceof Error && "original" in error ? error.original : error;
  return inner instanceof Error ? inner : new AppError("unavailable", String(inner));
}
