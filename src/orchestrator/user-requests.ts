import { z } from "zod";
import type { UserRequest } from "../contract/orchestrator-frames.ts";
import { safeParse } from "../contract/safe-parse.ts";
import { AppError } from "../lib/errors.ts";
import type { Logger } from "../lib/logger.ts";
import type { HubGate } from "./hub-gate.ts";
import type { HubLink } from "./hub-session.ts";

const MAX_UNDER_WAY = 100;

const Text = z.string().max(1_000_000);
const Id = z.string().max(200);
/** The dashboard of existing hubs spells it one way, their clients the other; `options` is what their own page sends. */
const Payload = z.object({
  auth_token: z.string().max(1024).nullish(),
  sessionId: Id.nullish(),
  session_id: Id.nullish(),
  command: Text.nullish(),
  message: Text.nullish(),
  options: z
    .object({
      sessionId: Id.nullish(),
      projectPath: z.string().max(4096).nullish(),
      cwd: z.string().max(4096).nullish(),
    })
    .nullish(),
});
const Closing = z.object({ code: z.int().nullish(), reason: z.string().max(200).nullish() });

/** One request of a person at the hub, as it is carried out. */
export interface Asked {
  login: string;
  sessionId: string | undefined;
  text: string;
  projectPath: string | undefined;
  /** Ends the request from the hub's side, or with the socket. */
  signal: AbortSignal;
  say: (data: object) => void;
}

/** By the names that existing hubs use. */
export type Actions = Readonly<Record<string, (asked: Asked) => Promise<void>>>;

interface Parts {
  gate: HubGate;
  actions: Actions;
  log: Logger;
}

/** Carries out `user_request`s: any number of `response_chunk`, and always one `response_complete`. */
export function createUserRequests({ gate, actions, log }: Parts) {
  const underWay = new Map<string, AbortController>();

  async function carryOut(request: UserRequest, link: HubLink): Promise<void> {
    const { request_id, action, identity, github_token } = request;
    const act = Object.hasOwn(actions, action) ? actions[action] : undefined;
    if (!act) throw new UnknownAction(`Unknown action: ${action}`);
    const { token, ...asked } = readPayload(request.payload);
    if (underWay.size >= MAX_UNDER_WAY || underWay.has(request_id))
      throw new AppError("unavailable", "Too many requests of the hub are under way");
    const closing = new AbortController();
    underWay.set(request_id, closing);
    try {
      const login = await gate.admit({ identity, githubToken: github_token ?? token, isOfOwner: true }, link);
      const signal = AbortSignal.any([closing.signal, link.ended]);
      const say = (data: object): void => link.send({ type: "response_chunk", request_id, data });
      await act({ ...asked, login, signal, say });
    } finally {
      underWay.delete(request_id);
    }
  }

  /** Existing hubs end what they no longer wait for. */
  function close({ request_id, payload }: UserRequest, link: HubLink): void {
    const waiting = underWay.get(request_id);
    if (waiting) return waiting.abort();
    const { code, reason } = safeParse(Closing, payload).data ?? {};
    complete(link, request_id, { code: code ?? 1000, reason: reason ?? "Normal close" });
  }

  function fail(error: unknown, { request_id }: UserRequest, link: HubLink): void {
    const isSaid = error instanceof AppError || error instanceof UnknownAction;
    if (!isSaid) log.warn({ err: error }, "[ORCHESTRATOR] a request of the hub failed");
    const message = isSaid ? error.message : "The request failed";
    link.send({ type: "error", request_id, message, ...(isAuthError(error) && { auth_error: true }) });
    complete(link, request_id, { code: 4000, reason: error instanceof UnknownAction ? "Unknown action" : message });
  }

  return async function answerUser(request: UserRequest, link: HubLink): Promise<void> {
    if (request.action === "close") return close(request, link);
    try {
      await carryOut(request, link);
      complete(link, request.request_id, { code: 1000, reason: "Normal close" });
    } catch (error) {
      fail(error, request, link);
    }
  };
}

function readPayload(given: unknown) {
  const parsed = safeParse(Payload, given ?? {});
  if (!parsed.success) throw new AppError("invalid", "The payload is not valid");
  const { auth_token, sessionId, session_id, command, message, options } = parsed.data;
  return {
    token: auth_token,
    sessionId: firstOf(sessionId, session_id, options?.sessionId),
    text: firstOf(command, message) ?? "",
    projectPath: firstOf(options?.projectPath, options?.cwd),
  };
}

const firstOf = (...values: (string | null | undefined)[]): string | undefined =>
  values.find((value) => typeof value === "string");

const complete = (link: HubLink, requestId: string, data: { code: number; reason: string }): void =>
  link.send({ type: "response_complete", request_id: requestId, data });

class UnknownAction extends Error {
  override readonly name = "UnknownAction";
}

const isAuthError = (error: unknown): boolean =>
  error instanceof AppError && (error.code === "unauthorized" || error.code === "forbidden");
