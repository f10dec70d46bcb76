import { holdAlone } from "../../db/hold-alone.ts";
import type { InboxHandler } from "../../messages/inbox-service.ts";
import { createAcknowledgements } from "./acknowledgements.ts";
import { createPostHandler } from "./handle-post.ts";
import { createReactionHandler } from "./handle-reaction.ts";
import type { Installations } from "./installation.ts";
import { createInteractions } from "./interactions.ts";
import { createPeople } from "./people.ts";
import { createPostWorker } from "./post-worker.ts";
import { answeredQuestion, createQuestions } from "./questions.ts";
import { createReceiver } from "./receiver.ts";
import { createCommandRunner } from "./run-command.ts";
import { createSay } from "./say.ts";
import { createSlackApp } from "./slack-app.ts";
import type { SlackClients } from "./slack-clients.ts";
import { type HandlerParts, SLACK_DOOR } from "./slack-parts.ts";
import { createSlackRoutes } from "./slack-routes.ts";
import { followSocket } from "./socket-mode.ts";

export interface ReceivingParts extends Omit<HandlerParts, "people" | "say"> {
  clients: SlackClients;
  installations: Pick<Installations, "find" | "remove">;
  /** Who this process is, for those who look which one holds the socket. */
  holder: string;
}

/** The receiving half of the Slack door. */
export function createSlackReceiving(given: ReceivingParts) {
  const { db, config, log, clients, installations, holder } = given;
  const parts: HandlerParts = { ...given, people: createPeople({ clients }), say: createSay(given) };
  const acknowledgements = createAcknowledgements(parts);
  const worker = createPostWorker({ ...parts, installations });
  const questions = createQuestions({ ...parts, acknowledge: acknowledgements.add, worker });
  const commands = createCommandRunner({ ...parts, questions });
  const app = createSlackApp({
    installations,
    apiUrl: config.apiUrl,
    posts: createPostHandler({ ...parts, acknowledgements, commands, worker }),
    reactions: createReactionHandler(parts),
    interactions: createInteractions({ ...parts, questions, commands }),
  });
  const receiver = createReceiver({ ...parts, app });

  const handler: InboxHandler = ({ payload }, signal) => {
    const questionId = answeredQuestion(payload);
    if (questionId !== undefined) return questions.carryOut(questionId, signal);
    return app.event(payload as Record<string, unknown>, signal);
  };

  const { signingSecret, appToken, apiUrl } = config;
  const openRouters = signingSecret === undefined ? [] : [createSlackRoutes({ signingSecret, receiver })];

  return {
    handlers: { [SLACK_DOOR]: handler },
    openRouters,

    /** Begins what goes on by itself: reactions are taken away again, and the socket is held by one process of all. */
    start(): AsyncDisposable {
      const working = new AsyncDisposableStack();
      working.use(acknowledgements.start());
      if (appToken !== undefined)
        working.use(
          holdAlone({
            db,
            name: "slack-socket",
            holder,
            log,
            work: (signal) => followSocket({ appToken, apiUrl, receiver, log }, signal),
          }),
        );
      return working;
    },
  };
}
