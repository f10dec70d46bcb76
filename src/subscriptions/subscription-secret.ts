import { createHmac } from "node:crypto";

/**
 * What a subscription's events are signed with: made of the secret of this installation, so that no secret stands in the
 * database, and whoever changes that one changes all of them.
 */
export const subscriptionSecret = (
  installationSecret: string,
  { id, secretVersion }: { id: string; secretVersion: number },
): string =>
  `whsec_${createHmac("sha256", installationSecret).update(`subscription:${id}:${secretVersion}`).digest("base64url")}`;
