import type { ServerResponse } from "node:http";
import { SlackError } from "./slack-error.ts";
import type { FakeTeam, Json } from "./state.ts";
import type { RecordedCall } from "./world.ts";

/** What a method answers, or the error it throws as an answer. */
export function answerOf(act: () => Json): Json {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    return { ok: false, error: error.code, ...error.more };
  }
}

export function reply(res: ServerResponse, call: RecordedCall, team: FakeTeam | undefined, body: Json): void {
  call.answer = body;
  call.status = 200;
  const scopes = team ? { "x-oauth-scopes": team.scopes.join(",") } : {};
  res.writeHead(200, { "content-type": "application/json; charset=utf-8", ...scopes });
  res.end(JSON.stringify(body));
}

export function replyLimited(res: ServerResponse, call: RecordedCall, seconds: number): void {
  call.answer = { ok: false, error: "ratelimited" };
  call.status = 429;
  res.writeHead(429, { "content-type": "application/json", "retry-after": String(seconds) });
  res.end(JSON.stringify(call.answer));
}
