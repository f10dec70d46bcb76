/** What became of a mail that was handed to a server, by what can be known. */
export type SmtpResult =
  | { is: "taken"; text: string }
  /** Never: the address does not exist, the content is not wanted. */
  | { is: "refused"; code?: number | undefined; text: string }
  /** Never in this size. */
  | { is: "too_large"; code?: number | undefined; text: string }
  /** It has it not; later it may take it. Wrong passwords count here: somebody will put them right. */
  | { is: "later"; code?: number | undefined; text: string }
  /** It may have it. */
  | { is: "unknown"; text: string };

const MAX_TEXT = 500;
/** "Exceeded storage allocation" is a mailbox that is full; with "size" it is our mail. */
const TOO_LARGE = new Set([552, 523]);
/** About who we are, not about the mail. */
const OUR_LOGIN = new Set([530, 534, 535, 538]);

interface SmtpError extends Error {
  code?: string;
  responseCode?: number;
  response?: string;
  command?: string;
}

/** `handedOver`: the server was given the whole mail. The secret is kept out of the text, whatever a server echoes. */
export function judgeSmtpError(
  error: SmtpError,
  { handedOver, secret }: { handedOver: boolean; secret: string | undefined },
): SmtpResult {
  const code = error.responseCode;
  const text = describe(error, secret);
  if (code === undefined || code < 400) {
    if (handedOver) return { is: "unknown", text: `The server's answer was lost: ${text}` };
    return error.code === "EMESSAGE" ? { is: "too_large", text } : { is: "later", text };
  }
  if (error.code === "EAUTH" || OUR_LOGIN.has(code))
    return { is: "later", code, text: `The login was refused: ${text}` };
  if (TOO_LARGE.has(code) || (code >= 500 && /\b5\.[23]\.[34]\b/.test(text))) return { is: "too_large", code, text };
  // Before the mail itself is spoken of, a refusal is about the connection.
  const aboutTheMail = /^(MAIL FROM|RCPT TO|DATA)/.test(error.command ?? "");
  return { is: code >= 500 && aboutTheMail ? "refused" : "later", code, text };
}

function describe({ response, message }: SmtpError, secret: string | undefined): string {
  const text = (response ?? message).replaceAll(/\s+/g, " ").slice(0, MAX_TEXT);
  if (!secret) return text;
  return text.replaceAll(secret, "…").replaceAll(Buffer.from(secret).toString("base64"), "…");
}
