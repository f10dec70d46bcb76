import type { Outcome } from "../../deliveries/channel.ts";

interface HttpAnswer {
  status: number;
  headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  text: string;
}

/** What a receiver may answer to mean "later": time-out, too early or too busy, and n8n's "not waiting yet" (409). */
const LATER: ReadonlySet<number> = new Set([408, 409, 425, 429]);

/** Seconds or a date, as milliseconds from `now`; undefined when it says nothing we understand. */
export function readRetryAfter(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? "";
  if (/^\d{1,9}$/u.test(text)) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}

const isPage = ({ headers }: HttpAnswer): boolean => /^text\/html\b/iu.test(String(headers["content-type"] ?? ""));

/** Why the answer is the receiver's last word; undefined when it may answer otherwise later. */
function finalError(answer: HttpAnswer): string | undefined {
  const { status, text } = answer;
  if (status >= 300 && status < 400)
    return `The receiver answered ${status}, a redirect, which is not followed: give the final URL`;
  if (status < 400 || status >= 500) return undefined;
  if (status === 409 && /finished already/iu.test(text))
    return "The receiver answered 409: what waited for this has finished already, perhaps by an earlier attempt";
  if (LATER.has(status) || (status === 404 && isPage(answer))) return undefined;
  return `The receiver answered ${status}`;
}

/**
 * What an HTTP answer means for a callback. A 404 page (HTML) comes from a server that is starting, n8n among them, and
 * is tried again; a 404 in any other form comes from the receiver itself and is final, as are redirects: the URL that
 * was given is the one that was allowed.
 */
export function judgeAnswer(answer: HttpAnswer, now: Date): Outcome {
  const { status, headers, text: response } = answer;
  if (status >= 200 && status < 300) return { is: "delivered", status, response };
  const error = finalError(answer);
  if (error !== undefined) return { is: "refused", error, status, response };
  const retryAfterMs = readRetryAfter(String(headers["retry-after"] ?? ""), now);
  return { is: "not_now", error: `The receiver answered ${status}`, retryAfterMs, status, response };
}
