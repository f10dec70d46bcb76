import { createLocalJWKSet, errors, jwtVerify } from "jose";
import { z } from "zod";
import type { HeaderPairs, IdentityKey } from "../contract/orchestrator-frames.ts";
import { AppError } from "../lib/errors.ts";

const CLOCK_TOLERANCE_S = 30;
/** An identity that is older was kept by somebody. */
const MAX_AGE_S = 300;

const Login = z.string().regex(/^[\w.-]{1,100}(?:\[bot\])?$/u);
const Names = z.array(z.string().max(200)).max(1000).default([]);
const Claims = z.object({ sub: z.string().min(1).max(100), login: Login, orgs: Names, teams: Names });
const Vouched = z.object({ sub: z.string().regex(/^\d{1,20}$/u), login: Login });

/** Somebody, as a hub says it. */
export interface HubIdentity {
  sub: string;
  login: string;
  /** Lower case; empty when the hub does not say. */
  orgs: readonly string[];
  teams: readonly string[];
}

/** Who a hub with signing keys says is asking. AppError "unauthorized" when it does not, or the proof is not good here. */
export async function verifyIdentity(
  token: string | undefined,
  { keys, audience }: { keys: readonly IdentityKey[]; audience: string },
): Promise<HubIdentity> {
  if (token === undefined) throw new AppError("unauthorized", "The hub does not say who is asking: sign in there");
  try {
    const { payload } = await jwtVerify(token, createLocalJWKSet({ keys: keys.map((key) => ({ ...key })) }), {
      algorithms: ["EdDSA"],
      audience,
      clockTolerance: CLOCK_TOLERANCE_S,
      maxTokenAge: MAX_AGE_S,
      requiredClaims: ["sub", "exp", "iat"],
    });
    const { sub, login, orgs, teams } = Claims.parse(payload);
    return { sub, login, orgs: orgs.map((name) => name.toLowerCase()), teams: teams.map((name) => name.toLowerCase()) };
  } catch (error) {
    const why = error instanceof errors.JOSEError ? error.code : "its claims are not valid";
    throw new AppError("unauthorized", `The hub's proof of who is asking is not good: ${why}`, { cause: error });
  }
}

/** What an older hub says in the headers it adds last, behind any copies a browser sent; undefined when it says nothing. */
export function identityOfHeaders(headers: HeaderPairs): HubIdentity | undefined {
  const last = (name: string) => headers.findLast(([key]) => key.toLowerCase() === name)?.[1];
  const parsed = Vouched.safeParse({ sub: last("x-orchestrator-user-id"), login: last("x-orchestrator-username") });
  return parsed.success ? { ...parsed.data, orgs: [], teams: [] } : undefined;
}
