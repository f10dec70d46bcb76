import type { Channel } from "../../deliveries/channel.ts";
import { createSignedChannel, type SignedChannelParts, type Target } from "./signed-channel.ts";

/** Tells URLs that have subscribed to events; each has a secret of its own. */
export const createSubscriptionChannel = ({
  target,
  ...parts
}: SignedChannelParts & { target: (subscriptionId: string) => Promise<Target | undefined> }): Channel =>
  createSignedChannel(parts, { kind: "subscription", targetOf: ({ address }) => target(address) });
