import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import { listMachines } from "./machine-queries.ts";
import { listAllTokens } from "./token-queries.ts";
import { createTokenService } from "./token-service.ts";
import { ensureLocalUser, findUser } from "./user-queries.ts";

/** What whoever runs the hub may see and do at its computer: everybody's machines and tokens. */
export function createHubDesk({ db }: { db: Database }) {
  const tokens = createTokenService({ db });
  return {
    machines: () => listMachines(db),
    tokens: () => listAllTokens(db),
    async createToken(login: string, name: string, expiresInDays?: number) {
      if (login === "local") await ensureLocalUser(db);
      const user = await findUser(db, login);
      if (!user) throw new AppError("not_found", `${login} has not signed in to this hub yet`);
      return tokens.create({ userId: user.id }, { name, expiresInDays });
    },
    async revokeToken(id: string): Promise<void> {
      const token = (await listAllTokens(db)).find((one) => one.id === id);
      if (!token) throw new AppError("not_found", "Token not found");
      await tokens.revoke({ userId: token.userId }, id);
    },
  };
}
