import express, { Router, type Request, type RequestHandler } from "express";
import { z } from "zod";
import { MailReceived, RefusedMailPage, SessionMailPage } from "../../contract/email.ts";
import { PageQuery } from "../../contract/page.ts";
import { boundedReading } from "../../http/bounded-reading.ts";
import { route } from "../../http/route.ts";
import { AppError } from "../../lib/errors.ts";
import type { InboundMail } from "./inbound-mail.ts";
import { MAIL_LIMITS } from "./mail.ts";

/** Of all mails that are being taken in at one time. */
const MAX_BYTES_AT_ONCE = 160 * 1024 ** 2;
/** A form around a mail. */
const FORM_BYTES = 1024 ** 2;
const RAW_TYPES = ["message/rfc822", "application/octet-stream"];
const MAX_HEADER = 400;
const RAW_PATH = "/api/inbound/email";
const SENDGRID_PATH = "/api/inbound/email/sendgrid";

const tags = ["email"];
const answers = { response: MailReceived, status: 202, tags } as const;

/** Mails come as bytes, whatever the size of the ordinary requests; three doors, by who may use them. */
export function createEmailRoutes({ inbound }: { inbound: InboundMail }) {
  return { openRouter: sendgridRoute(inbound), rawRouter: rawRoute(inbound), router: listRoutes(inbound) };
}

const bytes = (types: (req: Request) => boolean): RequestHandler[] => [
  boundedReading({ maxBytes: MAX_BYTES_AT_ONCE, maxBodyBytes: MAIL_LIMITS.bytes + FORM_BYTES }),
  (req, _res, next) => {
    if (types(req)) return next();
    throw new AppError("unsupported_media_type", `${req.path} takes another content type; see /docs`);
  },
  express.raw({ limit: MAIL_LIMITS.bytes + FORM_BYTES, type: () => true }),
];

const bodyOf = ({ body }: Request): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0));

function rawRoute(inbound: InboundMail): Router {
  const router = Router();
  router.post(RAW_PATH, ...bytes((req) => RAW_TYPES.some((type) => Boolean(req.is(type)))));
  const description =
    "The body is the mail as it came, `message/rfc822`. Its signatures are checked here; for SPF say what the SMTP session said in " +
    "`X-Envelope-From`, `X-Envelope-To`, `X-Remote-Ip` and `X-Helo`. 202 as soon as it is kept; what became of it: " +
    "`GET /api/inbound/email/refused`, or its session.";
  route(router, `POST ${RAW_PATH}`, { summary: "Hand in a mail", description, ...answers }, ({ req }) =>
    inbound.receive({ raw: bodyOf(req), envelope: envelopeOf(req) }),
  );
  return router;
}

function envelopeOf(req: Request) {
  const header = (name: string) => req.get(name)?.slice(0, MAX_HEADER);
  const [from, to, ip, helo] = ["x-envelope-from", "x-envelope-to", "x-remote-ip", "x-helo"].map(header);
  return {
    ...(from === undefined ? {} : { from: from.replaceAll(/[<>\s]/g, "") }),
    ...(to === undefined ? {} : { to: to.split(",").map((address) => address.trim()) }),
    ...(ip === undefined ? {} : { ip }),
    ...(helo === undefined ? {} : { helo }),
  };
}

/** Open, because SendGrid has no key of ours: its signature is what counts. */
function sendgridRoute(inbound: InboundMail): Router {
  const router = Router();
  router.post(SENDGRID_PATH, ...bytes((req) => Boolean(req.is("multipart/form-data"))));
  const description =
    "SendGrid's Inbound Parse with its signature and the raw, full MIME message switched on. Needs SENDGRID_PUBLIC_KEY.";
  route(router, `POST ${SENDGRID_PATH}`, { summary: "Take a mail from SendGrid", description, ...answers }, ({ req }) =>
    inbound.receiveSendgrid({
      body: bodyOf(req),
      contentType: req.get("content-type") ?? "",
      signature: req.get("x-twilio-email-event-webhook-signature"),
      timestamp: req.get("x-twilio-email-event-webhook-timestamp"),
    }),
  );
  return router;
}

function listRoutes(inbound: InboundMail): Router {
  const router = Router();
  route(
    router,
    "GET /api/inbound/email/refused",
    {
      summary: "Mails that started nothing, with the reason, newest first",
      tags,
      query: PageQuery,
      response: RefusedMailPage,
    },
    ({ query }) => inbound.listRefused(query),
  );
  route(
    router,
    "GET /api/sessions/:id/emails",
    {
      summary: "Mails of a session with their full text, newest first",
      tags,
      params: z.object({ id: z.uuid() }),
      query: PageQuery,
      response: SessionMailPage,
    },
    ({ params, query }) => inbound.listOfSession(params.id, query),
  );
  return router;
}
