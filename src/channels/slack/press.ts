import { z } from "zod";

const Text = z.string().nullish();

/** The payload `block_actions`, as far as we read it. */
const Pressed = z.object({
  user: z.object({ id: z.string() }),
  channel: z.object({ id: z.string() }).nullish(),
  container: z.object({ message_ts: Text, channel_id: Text, thread_ts: Text }).nullish(),
  message: z.object({ ts: z.string(), thread_ts: Text }).nullish(),
  actions: z.array(
    z.object({
      action_id: z.string(),
      block_id: Text,
      value: Text,
      selected_option: z.object({ value: z.string() }).nullish(),
    }),
  ),
});
type Pressed = z.infer<typeof Pressed>;

/** A button or a menu that somebody used. */
export interface Press {
  team: string;
  user: string;
  channel: string;
  /** The message it stands in. */
  ts: string | undefined;
  threadTs: string | undefined;
  actionId: string;
  blockId: string;
  value: string;
}

const first = (...values: readonly (string | null | undefined)[]): string | undefined =>
  values.find((value) => value != null) ?? undefined;

/** Where the message stands: an ephemeral one is told by `container` only. */
function placeOf({ channel, container, message }: Pressed): Pick<Press, "channel" | "ts" | "threadTs"> {
  const { message_ts: ts, channel_id: id, thread_ts: threadTs } = { ...container };
  return {
    channel: first(channel?.id, id) ?? "",
    ts: first(message?.ts, ts),
    threadTs: first(message?.thread_ts, threadTs),
  };
}

/** What was pressed; nothing when the body is of another kind. */
export function readPresses(body: unknown, team: string): Press[] {
  const read = Pressed.safeParse(body);
  if (!read.success) return [];
  const common = { team, user: read.data.user.id, ...placeOf(read.data) };
  return read.data.actions.map((action) => ({
    ...common,
    actionId: action.action_id,
    blockId: action.block_id ?? "",
    value: action.selected_option?.value ?? action.value ?? "",
  }));
}
