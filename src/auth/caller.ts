import type { IncomingMessage } from "node:http";
import { AppError } from "../lib/errors.ts";

/**
 * Who a request comes from: this machine, the holder of an API key (directly or signed in), one of our runs, or a person
 * whom a hub let in.
 */
export interface Caller {
  kind: "local" | "key" | "cookie" | "run" | "hub";
  name: string;
  runId?: string;
  sessionId?: string;
}

const callers = new WeakMap<IncomingMessage, Caller>();

/** A caller set once stays: a request that entered through a hub is not judged again as a local one. */
export function setCaller(req: IncomingMessage, caller: Caller): void {
  if (!callers.has(req)) callers.set(req, caller);
}

export const findCaller = (req: IncomingMessage): Caller | undefined => callers.get(req);

/** What a caller says, with who said it: somebody at a hub is known by name, and cannot speak as another. */
export const saidBy = <T extends { author?: string | undefined }>({ kind, name }: Caller, said: T): T =>
  kind === "hub" ? { ...said, author: name } : said;

export function callerOf(req: IncomingMessage): Caller {
  const caller = callers.get(req);
  if (!caller) throw new AppError("unauthorized", "This request does not say who is asking");
  return caller;
}
