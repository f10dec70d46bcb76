import express, { Router, type Request } from "express";
import { z } from "zod";
import { SLACK_PATHS } from "../../contract/slack-app.ts";
import { boundedReading } from "../../http/bounded-reading.ts";
import { route } from "../../http/route.ts";
import { AppError } from "../../lib/errors.ts";
import { readSlackBody } from "./read-slack-body.ts";
import type { Receiver } from "./receiver.ts";
import { signatureFault } from "./verify-signature.ts";

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_BYTES_AT_ONCE = 64 * MAX_BODY_BYTES;

const bodies = new WeakMap<object, Buffer>();

const LINES = [
  [`POST ${SLACK_PATHS.events}`, "Take in an event of Slack's"],
  [`POST ${SLACK_PATHS.interactions}`, "Take in a button or a menu of Slack's"],
  [`POST ${SLACK_PATHS.commands}`, "Take in a slash command of Slack's"],
] as const;

/** The addresses that Slack is given. Each takes everything: what it is, is in the body. */
export function createSlackRoutes({ signingSecret, receiver }: { signingSecret: string; receiver: Receiver }): Router {
  const router = Router();
  router.use(
    [SLACK_PATHS.events, SLACK_PATHS.interactions, SLACK_PATHS.commands],
    boundedReading({ maxBytes: MAX_BYTES_AT_ONCE, maxBodyBytes: MAX_BODY_BYTES }),
    express.text({ limit: MAX_BODY_BYTES, type: () => true, verify: (req, _res, raw) => void bodies.set(req, raw) }),
  );
  for (const [line, summary] of LINES)
    route(
      router,
      line,
      {
        summary,
        description: "Signed by Slack with the app's signing secret; anything else is refused.",
        tags: ["Slack"],
        body: z.string(),
        produces: "application/json",
      },
      async ({ req, res, body }) => {
        checkSignature(req, signingSecret);
        const reply = await receiver.accept(readSlackBody(body, req.get("content-type") ?? ""));
        if (reply === undefined) res.status(200).end();
        else res.status(200).json(reply);
      },
    );
  return router;
}

function checkSignature(req: Request, secret: string): void {
  const fault = signatureFault(
    {
      rawBody: bodies.get(req) ?? Buffer.alloc(0),
      timestamp: req.get("x-slack-request-timestamp"),
      signature: req.get("x-slack-signature"),
    },
    { secret },
  );
  if (fault !== undefined) throw new AppError("unauthorized", `This request is not Slack's: ${fault}`);
}
