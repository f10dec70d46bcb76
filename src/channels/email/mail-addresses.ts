import type { EmailConfig } from "../../config-email.ts";
import type { Database } from "../../db/database.ts";
import { readReplySecret } from "./email-queries.ts";
import { createReplyAddresses } from "./reply-address.ts";

/** The address by which people go on with a session; null where nobody may write. */
export async function openMailAddresses(
  db: Database,
  config: EmailConfig | undefined,
): Promise<(sessionId: string) => string | null> {
  if (!config || config.receiving.allowedSenders.length === 0) return () => null;
  const { address } = config.receiving;
  return createReplyAddresses({ address, secret: await readReplySecret(db) }).of;
}
