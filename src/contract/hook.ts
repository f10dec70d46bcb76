import { z } from "zod";

const Id = z.string("must be a text").min(1, "must not be empty").max(200, "must be at most 200 characters long");
const Name = z.string("must be a text").min(1, "must not be empty").max(200, "must be at most 200 characters long");
const Path = z.string("must be a text").max(4096, "must be at most 4096 characters long");
const Milliseconds = z.coerce.number("must be a number of milliseconds").min(0, "must not be negative");

/**
 * What Claude Code posts for any of its hook events, now or in later versions: two fields are required, some are read,
 * the rest is kept as it is.
 */
export const NativeHook = z
  .looseObject({
    session_id: Id.meta({ description: "Claude's id of the conversation." }),
    hook_event_name: Name.meta({ description: "PreToolUse, PostToolUse, Stop … Unknown events are kept." }),
    cwd: Path.nullish(),
    agent_id: Id.nullish().meta({ description: "The subagent it happened in; absent for the main one." }),
    tool_use_id: Id.nullish(),
    duration_ms: Milliseconds.nullish(),
  })
  .meta({ id: "NativeHook" });
export type NativeHook = z.infer<typeof NativeHook>;

/** The four events that tell of one tool call. */
export const NativeToolHook = NativeHook.extend({ tool_name: Name, tool_input: z.unknown().optional() });

/** What the shell line of this project's first description sends after a tool call. */
export const ToolComplete = z
  .looseObject({
    session: Id,
    tool: Name,
    result: z.unknown().optional(),
    input: z.unknown().optional(),
    duration_ms: Milliseconds.nullish(),
  })
  .meta({ id: "ToolComplete" });

/** Its sister for notifications. */
export const NotificationHook = z
  .looseObject({ session: Id, message: z.string("must be a text").min(1, "must not be empty") })
  .meta({ id: "NotificationHook" });
