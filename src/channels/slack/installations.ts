import type { Database } from "../../db/database.ts";
import { AppError, toError } from "../../lib/errors.ts";
import type { Logger } from "../../lib/logger.ts";
import type { TokenCipher } from "../../lib/token-cipher.ts";
import {
  deleteInstallation,
  findInstallation,
  listInstallations,
  putInstallation,
  type InstallationRow,
} from "./installation-queries.ts";
import type { Installation, Installations } from "./installation.ts";

const MAX_WORKSPACES = 500;

export interface NewInstallation extends Installation {
  scopes: string[];
  /** Who allowed it, by Slack's id. */
  installedBy: string | null;
}

export interface InstallationStore extends Installations {
  put(installation: NewInstallation): Promise<void>;
}

interface Parts {
  db: Database;
  log: Logger;
  cipher: TokenCipher;
  /** The workspace of SLACK_BOT_TOKEN, asked of Slack; undefined without one. */
  ownWorkspace: (() => Promise<Installation>) | undefined;
}

/** The workspace of the configured token, and those that installed the app. The configured one wins. */
export function createInstallations({ db, log, cipher, ownWorkspace }: Parts): InstallationStore {
  function open({ team, teamName, botUserId, botToken, keyId }: InstallationRow): Installation {
    if (keyId !== cipher.keyId)
      throw new AppError(
        "unavailable",
        `The token of Slack workspace ${team} was encrypted with another key: set SLACK_TOKEN_KEY to that key, or install the app again`,
      );
    return { teamId: team, teamName, botUserId, botToken: cipher.open(team, botToken) };
  }

  /** One token that cannot be read does not take the other workspaces away. */
  function openOrSkip(row: InstallationRow): Installation[] {
    try {
      return [open(row)];
    } catch (error) {
      log.error({ team: row.team, err: toError(error) }, "slack installation cannot be used");
      return [];
    }
  }

  return {
    async find(teamId) {
      const [own] = await Promise.allSettled([ownWorkspace?.()]);
      if (own.status === "fulfilled" && own.value?.teamId === teamId) return own.value;
      const row = await findInstallation(db, teamId);
      if (row) return open(row);
      // Whose token Slack does not tell about may be that workspace's.
      if (own.status === "rejected") throw toError(own.reason);
      return undefined;
    },

    async list() {
      const own = await ownWorkspace?.();
      const others = (await listInstallations(db, MAX_WORKSPACES)).filter(({ team }) => team !== own?.teamId);
      return [...(own ? [own] : []), ...others.flatMap(openOrSkip)];
    },

    async put({ teamId, teamName, botUserId, botToken, scopes, installedBy }) {
      const sealed = cipher.seal(teamId, botToken);
      const { keyId } = cipher;
      await putInstallation(db, { team: teamId, teamName, botUserId, botToken: sealed, keyId, scopes, installedBy });
      log.info({ team: teamId }, "slack app installed");
    },

    async remove(teamId, toldAt) {
      if (await deleteInstallation(db, teamId, toldAt)) log.info({ team: teamId }, "slack app removed");
    },
  };
}
