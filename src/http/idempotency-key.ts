import type { Request } from "express";
import { callerOf } from "../auth/caller.ts";
import { invalidField } from "../lib/errors.ts";

/** Where a request says that it may come twice: the door it uses and the name its sender gave it. */
export interface RequestKey {
  door: string;
  externalId: string;
}

/** The `Idempotency-Key` of a request, in its caller's own space of names; undefined without one. */
export function idempotencyKey(req: Request): RequestKey | undefined {
  const key = req.get("idempotency-key");
  if (key === undefined) return undefined;
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw invalidField("header.Idempotency-Key", "must be 1 to 255 visible ASCII characters without spaces");
  const { kind, name } = callerOf(req);
  return { door: `${req.method} ${req.path} by ${kind} ${name}`.slice(0, 200), externalId: key };
}
