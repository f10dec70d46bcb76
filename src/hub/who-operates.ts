import type { IncomingMessage } from "node:http";
import { createKeyJudge, presentedCredential } from "../auth/judge-key.ts";
import { AppError } from "../lib/errors.ts";
import type { OperatorParts } from "./hub.ts";
import type { WhoLooks } from "./who-looks.ts";

/**
 * Lets in whoever runs the hub: the holder of an API key, and where nobody signs in the one local user. People who sign in
 * are not among them, since what is asked for here is about everybody's machines.
 */
export function createWhoOperates(
  { who, local }: { who: WhoLooks; local: unknown },
  { apiKeys, check }: Pick<OperatorParts, "apiKeys" | "check">,
): (req: IncomingMessage) => Promise<undefined> {
  const keys = createKeyJudge(apiKeys);

  return async (req) => {
    const presented = presentedCredential(req);
    if (presented !== undefined) keys.judge(presented, req);
    else if (!local || !(await who.look(req)))
      throw new AppError(
        "unauthorized",
        keys.any
          ? "This is for whoever runs the hub: send an API key as `Authorization: Bearer …`"
          : "This is for whoever runs the hub, and no API key is configured here; set API_KEY",
      );
    await check();
    return undefined;
  };
}
