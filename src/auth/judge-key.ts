import type { IncomingMessage } from "node:http";
import { AppError } from "../lib/errors.ts";
import { createApiKeys } from "./api-keys.ts";
import { clientAddress } from "./client-address.ts";
import { createFailedKeys } from "./failed-keys.ts";

const LONGEST_CREDENTIAL = 4096;

/** Judges API keys, and slows down guessing by address. `judge` names the key; it throws unauthorized or rate_limited. */
export function createKeyJudge(apiKeys: readonly string[]) {
  const keys = createApiKeys(apiKeys);
  const failedKeys = createFailedKeys();
  return {
    any: keys.any,
    judge(presented: string, req: IncomingMessage): string {
      const address = clientAddress(req);
      const name = keys.nameOf(presented);
      failedKeys.check(address, name);
      if (name === undefined) {
        failedKeys.failed(address);
        throw new AppError(
          "unauthorized",
          keys.any ? "This API key is not known" : "No API key is configured here; set API_KEY",
        );
      }
      failedKeys.succeeded(address, name);
      return name;
    },
  };
}

/** `Authorization: Bearer …` or `x-api-key`; other schemes, such as a proxy's Basic, are not ours to judge. */
export function presentedCredential(req: IncomingMessage): string | undefined {
  const bearer = /^bearer +(.+)$/iu.exec(req.headers.authorization ?? "")?.[1]?.trim();
  const header = req.headers["x-api-key"];
  const credential = bearer ?? (typeof header === "string" ? header.trim() : undefined);
  if (credential !== undefined && credential.length > LONGEST_CREDENTIAL)
    throw new AppError("unauthorized", "This API key is not known");
  return credential;
}
