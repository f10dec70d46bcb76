import { z } from "zod";
import { toError } from "../../lib/errors.ts";

const TIMEOUT_MS = 10_000;

const Answer = z.looseObject({ ok: z.boolean(), error: z.string().optional() });

/** What Slack says: its answer with the scopes of the token, or why there is none. */
export interface SlackAnswer {
  /** Slack's word for what is wrong, or what kept us from asking; undefined when all is well. */
  error: string | undefined;
  /** false: it is not the token that is wrong. */
  isAnswered: boolean;
  scopes: string[];
  body: z.infer<typeof Answer>;
}

/** One call of Slack's Web API with a token. */
export async function askSlack(apiUrl: string, method: string, token: string): Promise<SlackAnswer> {
  try {
    const response = await fetch(new URL(method, apiUrl), {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const body = Answer.parse(await response.json());
    const scopes = (response.headers.get("x-oauth-scopes") ?? "").split(",").map((scope) => scope.trim());
    return {
      error: body.ok ? undefined : (body.error ?? "unknown"),
      isAnswered: true,
      scopes: scopes.filter((it) => it !== ""),
      body,
    };
  } catch (error) {
    const { message } = toError(error);
    return { error: `no answer from ${apiUrl}: ${message}`, isAnswered: false, scopes: [], body: { ok: false } };
  }
}
