import type { z } from "zod";
import type { HubPendingMachine, HubToken } from "../contract/hub.ts";
import type { Database } from "../db/database.ts";
import { notify } from "../db/notify.ts";
import { AppError } from "../lib/errors.ts";
import { createAttempts } from "./attempts.ts";
import { HUB_LIMITS } from "./limits.ts";
import { issueToken, newTokenId } from "./machine-token.ts";
import { claimPending, listPending } from "./pending-queries.ts";
import { deleteToken, insertToken, listTokens, revokeToken } from "./token-queries.ts";
import { USER_CHANNEL } from "./user-queries.ts";
import type { Viewer } from "./viewer.ts";

const MAX_LISTED = 200;
const DAY_MS = 24 * 60 * 60_000;

export type TokenService = ReturnType<typeof createTokenService>;

/** The tokens by which machines of a person come in, and the machines that wait for one. */
export function createTokenService({ db }: { db: Database }) {
  const claims = createAttempts({ limit: 30, windowMs: 60_000 });

  return {
    async list({ userId }: Pick<Viewer, "userId">): Promise<z.infer<typeof HubToken>[]> {
      return (await listTokens(db, userId)).map((row) => ({
        id: row.id,
        name: row.name,
        created_at: row.createdAt.toISOString(),
        last_used: row.lastUsedAt?.toISOString() ?? null,
        expires_at: row.expiresAt?.toISOString() ?? null,
        is_revoked: row.revokedAt !== null,
      }));
    },
    /** The token's text is told this once. */
    async create(
      { userId }: Pick<Viewer, "userId">,
      { name, expiresInDays }: { name: string; expiresInDays?: number | undefined },
    ): Promise<{ id: string; name: string; token: string }> {
      const { id, text, secretHash } = issueToken();
      const expiresAt = expiresInDays === undefined ? null : new Date(Date.now() + expiresInDays * DAY_MS);
      await insertToken(db, { id, userId, name, secretHash, expiresAt }, HUB_LIMITS.tokensPerUser);
      return { id, name, token: text };
    },
    /** Ends the connections of its machines too. */
    async revoke({ userId }: Pick<Viewer, "userId">, id: string): Promise<void> {
      if (!(await revokeToken(db, userId, id))) throw new AppError("not_found", "Token not found");
      await notify(db, USER_CHANNEL, userId);
    },
    /** Takes its machines out of the list too. */
    async remove({ userId }: Pick<Viewer, "userId">, id: string): Promise<void> {
      if (!(await deleteToken(db, userId, id))) throw new AppError("not_found", "Token not found");
      await notify(db, USER_CHANNEL, userId);
    },
    async pending(viewer: Viewer): Promise<z.infer<typeof HubPendingMachine>[]> {
      return (await listPending(db, viewer, MAX_LISTED)).map(({ createdAt, ...row }) => ({
        ...row,
        created_at: createdAt.toISOString(),
      }));
    },
    /** Makes the waiting machine the viewer's; the machine is handed a token and comes back with it. */
    async claim(viewer: Viewer, id: string, name: string): Promise<{ tokenId: string }> {
      claims.check(viewer.userId);
      const tokenId = newTokenId();
      if (!(await claimPending(db, viewer, { id, tokenId, name })))
        throw new AppError("not_found", "No machine waits under this id, for you");
      return { tokenId };
    },
  };
}
