import { ClaudeOptions } from "../contract/session.ts";
import { invalidField } from "../lib/errors.ts";

/** The Claude options among the fields of a request; the others belong to the session. */
export const optionsOf = (input: object): ClaudeOptions => ClaudeOptions.strip().parse(input);

/** What the operator does not allow is refused when it is asked for, not when a run meets it. */
export function checkOptions({ permissionMode }: ClaudeOptions, { allowBypass }: { allowBypass: boolean }): void {
  if (permissionMode === "bypassPermissions" && !allowBypass)
    throw invalidField(
      "body.permissionMode",
      "bypassPermissions is switched off on this server (ALLOW_BYPASS=1 allows it)",
    );
}
