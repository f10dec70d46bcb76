import { z } from "zod";
import { REFUSAL_KINDS } from "./refusal.ts";

/** What became of one file that a mail brought. */
export const FileVerdict = z.object({
  name: z.string(),
  /** Bytes; what was announced when it was not taken. */
  size: z.int(),
  verdict: z.enum(["taken", "too_large", "too_many", "failed"]),
  /** For a person; empty when it was taken. */
  why: z.string(),
});
export type FileVerdict = z.infer<typeof FileVerdict>;

/** The mail that a notice answers: enough for To, Subject, In-Reply-To and References. */
const AnsweredMail = z.object({
  /** Who gets the notice: the address alone. */
  to: z.string(),
  /** As it came, decoded, without line breaks. The answer mirrors it with one `Re: `. */
  subject: z.string(),
  /** With its angle brackets; null when the mail had none. */
  messageId: z.string().nullable(),
  /** The References of the answered mail, oldest first, without its own id. */
  references: z.array(z.string()),
});

const common = { type: z.literal("notice"), mail: AnsweredMail };

/** The session is there and works on it. Deliveries of these two have the thread row's id as their address. */
const Acknowledgement = z.object({
  ...common,
  notice: z.literal("acknowledgement"),
  sessionId: z.uuid(),
  title: z.string(),
  /** What it works on, `owner/repo` or a folder. */
  repository: z.string(),
  files: z.array(FileVerdict),
});

/** A reply was taken in, but not all of its files. */
const Files = z.object({
  ...common,
  notice: z.literal("files"),
  sessionId: z.uuid(),
  files: z.array(FileVerdict),
});

/** The mail started nothing. Deliveries of these two have the writer's mail address as their address. */
const Refused = z.object({
  ...common,
  notice: z.literal("refused"),
  kind: z.enum(REFUSAL_KINDS),
  /** One sentence for the writer. */
  reason: z.string(),
});

/** The mail would start a session, but not clear is in which repository: its writer is told how to say it. */
const WhichRepository = z.object({
  ...common,
  notice: z.literal("which-repository"),
  reason: z.string(),
  /** What may be chosen, and how each is written: `{ repository: "owner/repo", address: "bot+owner.repo@…", tag: "[owner/repo]" }`. */
  choices: z.array(z.object({ repository: z.string(), address: z.string(), tag: z.string() })),
});

/** What the mail door asks to be sent besides answers; stored with the delivery and rendered when it is sent. */
export const EmailNotice = z.discriminatedUnion("notice", [Acknowledgement, Files, Refused, WhichRepository]);
export type EmailNotice = z.infer<typeof EmailNotice>;
