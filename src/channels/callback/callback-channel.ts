import type { Channel } from "../../deliveries/channel.ts";
import { createSignedChannel, type SignedChannelParts } from "./signed-channel.ts";

/** Tells URLs that callers named with what they asked for. `secret` is shared with all of them. */
export const createCallbackChannel = ({ secret, ...parts }: SignedChannelParts & { secret: string }): Channel =>
  createSignedChannel(parts, { kind: "callback", targetOf: ({ address }) => ({ url: address, secret }) });
