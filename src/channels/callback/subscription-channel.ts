import type { Channel } from "../../deliveries/channel.ts";
import { createSignedChannel, type SignedChannelParts, type Target } from "./signed-channel.ts";

interface Parts extends SignedChannelParts {
  target: (subscriptionId: string, event: { isTest: boolean }) => Promise<Target | undefined>;
}

/** Tells URLs that have subscribed to events; each has a secret of its own. */
export const createSubscriptionChannel = ({ target, ...parts }: Parts): Channel =>
  createSignedChannel(parts, {
    kind: "subscription",
    targetOf: ({ address, body }) =>
      target(address, { isTest: body.type === "subscribed" && body.event.type === "subscription.test" }),
  });
