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
const TOO_LARGE = new Set([552, 523]);
/** "Message length exceeds administrative limit", "message too big for system". */
const TOO_LARGE_STATUS = /\b5\.(?:2\.3|3\.4)\b/;
const ABOUT_THE_MAIL = /^(?:MAIL FROM|RCPT TO|DATA)/;
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
  const text = describe(error, secret);
  const code = error.responseCode;
  if (code !== undefined && code >= 400) return judgeRefusal(error, { code, text });
  if (handedOver) return { is: "unknown", text: `The server's answer was lost: ${text}` };
  return error.code === "EMESSAGE" ? { is: "too_large", text } : { is: "later", text };
}

/** The server said no. */
function judgeRefusal(error: SmtpError, { code, text }: { code: number; text: string }): SmtpResult {
  if (error.code === "EAUTH" || OUR_LOGIN.has(code))
    return { is: "later", code, text: `The login was refused: ${text}` };
  if (code < 500) return { is: "later", code, text };
  if (TOO_LARGE.has(code) || TOO_LARGE_STATUS.test(text)) return { is: "too_large", code, text };
  // Before the mail itself is spoken of, a refusal is about the connection.
  return { is: ABOUT_THE_MAIL.test(error.command ?? "") ? "refused" : "later", code, text };
}

function describe({ response, message }: SmtpError, secret: string | undefined): string {
  const text = (response ?? message).replaceAll(/\s+/g, " ").slice(0, MAX_TEXT);
  if (!secret) return text;
  return text.replaceAll(secret, "…").replaceAll(Buffer.from(secret).toString("base64"), "…");
}
