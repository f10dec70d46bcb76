/** Calls that do no harm when they are carried out twice. All others are tried once, whatever a client's retries are. */
const REPEATABLE =
  /^(?:auth\.test|users\.\w+|conversations\.(?:info|replies|history|list|members)|reactions\.(?:add|remove)|chat\.(?:update|delete|getPermalink)|files\.info|team\.info|bots\.info|views\.publish|assistant\.threads\.\w+)$/u;

/** What a call fails with whose answer was lost: Slack may have carried it out. */
export const ANSWER_LOST = "answer_lost";

const methodOf = (url: string): string => new URL(url).pathname.split("/").at(-1) ?? "";

const lost = (why: string): Response => Response.json({ ok: false, error: ANSWER_LOST, why });

type Fetch = typeof globalThis.fetch;

const urlOf = (input: Parameters<Fetch>[0]): string => (input instanceof Request ? input.url : String(input));

/**
 * The `fetch` of our Slack clients. The library repeats any call that ended in a network error or a 5xx, so that one
 * post may become two; here such a call comes back as a refusal by Slack (`answer_lost`), which it never repeats.
 * A connection that was refused carried nothing and stays an error.
 */
export function createFetchOnce(fetch: Fetch = globalThis.fetch): Fetch {
  return async (input, init) => {
    if (REPEATABLE.test(methodOf(urlOf(input)))) return fetch(input, init);
    try {
      const answer = await fetch(input, init);
      return answer.status >= 500 ? lost(`Slack answered ${answer.status}`) : answer;
    } catch (error) {
      return lost(isUnsent(error) ? NOT_SENT : String(error));
    }
  };
}

/** In `why`: no connection was made, so nothing was carried out. */
export const NOT_SENT = "not sent";

const UNSENT: ReadonlySet<string> = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);

/** `fetch` tells what happened in a chain of causes. */
export function isUnsent(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++)
    if ("code" in at && UNSENT.has(String(at.code))) return true;
  return false;
}
