import { Router, type Request, type Response } from "express";
import { z } from "zod";
import { EventPage, type SessionEvent } from "../contract/event.ts";
import { route } from "../http/route.ts";
import { openEventStream } from "../http/sse.ts";
import { EVENT_PAGE, type EventService } from "./event-service.ts";
import type { FollowSink } from "./follower.ts";
import { SessionParams } from "./session-routes.ts";

const After = z.object({
  after: z.string().max(120).optional().meta({
    description: "Answers with a page of JSON instead of a stream: all after this cursor (0 for the beginning).",
  }),
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(EVENT_PAGE)
    .default(EVENT_PAGE)
    .meta({ description: "The most events in one page; a stream has no pages." }),
});

const tags = ["Events"];
const produces = "text/event-stream";

/** What a handler returns whose answer is the stream it has begun; it is not sent. */
const streamed: EventPage = { items: [], nextCursor: null };

/**
 * Writes the feed as server-sent events; the id stands at the last event of a batch, the place to resume from. The
 * stream is opened by the service once it knows that there is something to follow: before that, an error is an answer.
 */
async function follow(
  req: Request,
  res: Response,
  start: (lastId: string | undefined, open: () => FollowSink) => Promise<() => void>,
) {
  let closed: AbortSignal | undefined;
  const open = (): FollowSink => {
    const stream = openEventStream(req, res);
    closed = stream.closed;
    return {
      async events(events: readonly SessionEvent[], cursor: string) {
        if (events.length === 0) stream.send({ id: cursor, event: "ready", data: {} });
        for (const [index, data] of events.entries()) {
          stream.send({ event: "event", data, ...(index === events.length - 1 && { id: cursor }) });
          await stream.flushed();
        }
      },
      async resync(cursor: string) {
        stream.send({ id: cursor, event: "resync", data: {} });
        await stream.flushed();
      },
      drop: () => stream.drop(),
    };
  };
  const end = await start(req.get("last-event-id") || undefined, open);
  if (closed?.aborted) end();
  else closed?.addEventListener("abort", end, { once: true });
}

export function createEventRoutes({ events }: { events: EventService }): Router {
  const router = Router();

  route(
    router,
    "GET /api/events",
    {
      summary: "Follow all sessions",
      description:
        "Server-sent events, resumed by Last-Event-ID. After a break an event may come twice: tell them apart by sessionId and seq. `resync` says: too long away, read the lists anew.",
      tags,
      query: After,
      response: EventPage,
      produces,
    },
    async ({ query, req, res }) => {
      const { after, limit } = query;
      if (after !== undefined) return events.pageOfAll({ after, limit });
      await follow(req, res, events.followAll);
      return streamed;
    },
  );

  route(
    router,
    "GET /api/sessions/:id/events",
    {
      summary: "Follow one session",
      description: "Server-sent events from the beginning, or from Last-Event-ID (a seq) on; each once and in order.",
      tags,
      params: SessionParams,
      query: After,
      response: EventPage,
      produces,
    },
    async ({ params, query, req, res }) => {
      const { after, limit } = query;
      if (after !== undefined) return events.page(params.id, { after, limit });
      await follow(req, res, (lastId, open) => events.follow(params.id, lastId, open));
      return streamed;
    },
  );

  return router;
}
