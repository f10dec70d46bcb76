import type { IncomingMessage, ServerResponse } from "node:http";
import type { Method } from "./call.ts";
import type { createLimits } from "./limits.ts";
import { CHAT_METHODS } from "./methods-chat.ts";
import { FACT_METHODS } from "./methods-facts.ts";
import { FILE_METHODS } from "./methods-files.ts";
import { INSTALL_METHODS } from "./methods-install.ts";
import { STREAM_METHODS } from "./methods-stream.ts";
import type { createPlannedFaults, PlannedFault } from "./planned-faults.ts";
import { answerOf, reply, replyLimited } from "./replies.ts";
import { READ_SCOPES, SCOPE_OF } from "./scopes.ts";
import { SlackError } from "./slack-error.ts";
import { asText, type FakeTeam, type Json } from "./state.ts";
import type { RecordedCall, World } from "./world.ts";

const METHODS: Readonly<Record<string, Method>> = {
  ...CHAT_METHODS,
  ...STREAM_METHODS,
  ...FILE_METHODS,
  ...FACT_METHODS,
};

export interface WebApiParts {
  world: World;
  limits: ReturnType<typeof createLimits>;
  planned: ReturnType<typeof createPlannedFaults>;
}

/** The arguments of a call: a form, or JSON. */
function readArgs(body: string, contentType: string): Json {
  if (contentType.startsWith("application/json")) return JSON.parse(body === "" ? "{}" : body) as Json;
  return Object.fromEntries(new URLSearchParams(body));
}

/** The workspace whose token it is; throws what Slack answers to others. */
function teamOf(world: World, header: string | undefined, args: Json): FakeTeam {
  const given = /^Bearer (.+)$/.exec(header ?? "")?.[1];
  const argument = args["token"];
  if (given !== undefined && argument !== undefined && argument !== given)
    world.faults.push("a call names one token in its header and another in its arguments");
  const token = given ?? argument;
  if (token === undefined) throw new SlackError("not_authed");
  const team = [...world.teams.values()].find((one) => one.botToken === token);
  if (!team) throw new SlackError("invalid_auth");
  if (!team.installed) throw new SlackError("account_inactive");
  return team;
}

function checkScope(team: FakeTeam, method: string, channel: string | undefined): void {
  const kind = team.channels.get(channel ?? "")?.kind ?? "channel";
  const reads = method === "conversations.info" ? READ_SCOPES.info : READ_SCOPES.history;
  const byKind = /^conversations\.(info|history|replies)$/.test(method) ? reads[kind] : undefined;
  const needed = byKind ?? SCOPE_OF[method];
  if (needed !== undefined && !team.scopes.includes(needed))
    throw new SlackError("missing_scope", { needed, provided: team.scopes.join(",") });
}

/** The workspace that calls; undefined when it was answered already. */
function callerOf(world: World, req: IncomingMessage, res: ServerResponse, call: RecordedCall): FakeTeam | undefined {
  const install = INSTALL_METHODS[call.method];
  const { authorization } = req.headers;
  try {
    if (!install) return teamOf(world, authorization, call.args);
    reply(res, call, undefined, { ok: true, ...install(world, authorization, call.args) });
  } catch (error) {
    if (!(error instanceof SlackError)) throw error;
    reply(res, call, undefined, { ok: false, error: error.code, ...error.more });
  }
  return undefined;
}

/** How many seconds a call that comes too often is to wait; 0: it may be carried out. */
function tooMany({ world, limits }: WebApiParts, team: FakeTeam, method: string, channel: string): number {
  const key = `${team.id} ${method} ${channel}`;
  const early = limits.tooEarly(key);
  if (early > 0) world.faults.push(`${method} in ${channel} did not wait: ${Math.round(early)} ms before Retry-After`);
  const seconds = limits.check(team.id, method, channel);
  if (seconds > 0) limits.tell(key, seconds);
  return seconds;
}

/** Answers /api/<method>. */
export function createWebApi(parts: WebApiParts) {
  const { world, limits, planned } = parts;

  /** Does what the call asks; answers with what the method says. */
  function carryOut(team: FakeTeam, method: string, args: Json): Json {
    const run = METHODS[method];
    if (!run) {
      world.faults.push(`${method} is a method we do not know`);
      throw new SlackError("unknown_method");
    }
    checkScope(team, method, args["channel"] as string | undefined);
    const done = run({ world, team, args });
    limits.took(team.id, method, asText(args["channel"]));
    return { ok: true, ...done };
  }

  /** Whether the planned fault was the whole answer. */
  function meet(fault: PlannedFault, res: ServerResponse, call: RecordedCall, act: () => Json): void {
    if (fault.kind === "500") {
      call.status = 500;
      res.writeHead(500, { "content-type": "text/html" }).end("<html>internal error</html>");
    } else if (fault.kind === "ratelimited") {
      const seconds = fault.retryAfter ?? 1;
      limits.tell(`${call.team} ${call.method} ${asText(call.args["channel"])}`, seconds);
      replyLimited(res, call, seconds);
    } else if (fault.kind === "lost") {
      answerOf(act);
      res.destroy();
    } else if (fault.kind === "hang after") answerOf(act);
    else if (fault.kind !== "hang") reply(res, call, undefined, { ok: false, error: fault.kind });
  }

  return function answer(req: IncomingMessage, res: ServerResponse, request: { method: string; body: string }): void {
    const { method, body } = request;
    const args = readArgs(body, req.headers["content-type"] ?? "");
    const call: RecordedCall = { at: Date.now(), method, team: undefined, args, answer: undefined, status: 0 };
    world.calls.push(call);
    const team = callerOf(world, req, res, call);
    if (!team) return;
    call.team = team.id;
    const channel = asText(args["channel"]);
    const act = () => carryOut(team, method, args);
    const fault = planned.take({ method, channel, team: team.id });
    if (fault) {
      meet(fault, res, call, act);
      return;
    }
    const seconds = tooMany(parts, team, method, channel);
    if (seconds > 0) replyLimited(res, call, seconds);
    else reply(res, call, team, answerOf(act));
  };
}
