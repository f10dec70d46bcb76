import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { subscriptionOf } from "../../../../src/channels/slack/heard.ts";
import { SLACK_BOT_EVENTS, SLACK_BOT_SCOPES, SLACK_PATHS } from "../../../../src/contract/slack-app.ts";
import { scopeOfEvent } from "../../../support/fake-slack/scopes.ts";

const Url = z.url({ protocol: /^https$/ });
const Manifest = z.object({
  display_information: z.object({
    name: z.string().max(35),
    description: z.string().max(140),
    background_color: z.string().regex(/^#[0-9a-f]{6}$/),
  }),
  features: z.object({
    app_home: z.object({ messages_tab_enabled: z.literal(true), messages_tab_read_only_enabled: z.literal(false) }),
    bot_user: z.object({ display_name: z.string().max(80) }),
    slash_commands: z
      .array(z.object({ command: z.string().max(32), url: Url.optional(), description: z.string().max(2000) }))
      .length(1),
  }),
  oauth_config: z.object({ redirect_urls: z.array(Url).optional(), scopes: z.object({ bot: z.array(z.string()) }) }),
  settings: z.object({
    event_subscriptions: z.object({ request_url: Url.optional(), bot_events: z.array(z.string()) }),
    interactivity: z.object({ is_enabled: z.literal(true), request_url: Url.optional() }),
    org_deploy_enabled: z.literal(false),
    socket_mode_enabled: z.boolean(),
    token_rotation_enabled: z.literal(false),
  }),
});

const read = async (name: string) =>
  Manifest.parse(parse(await readFile(resolve(import.meta.dirname, "../../../../docs", name), "utf8")));

test.each(["slack-app-manifest.yaml", "slack-app-manifest-socket.yaml"])(
  "%s asks for exactly the scopes and events that the server knows",
  async (name) => {
    const { oauth_config: oauth, settings } = await read(name);
    expect(oauth.scopes.bot).toEqual([...SLACK_BOT_SCOPES]);
    expect(settings.event_subscriptions.bot_events).toEqual([...SLACK_BOT_EVENTS]);
  },
);

const addressesOf = ({ features, settings, oauth_config: oauth }: z.infer<typeof Manifest>) =>
  [
    settings.event_subscriptions.request_url,
    settings.interactivity.request_url,
    features.slash_commands[0]?.url,
    ...(oauth.redirect_urls ?? []),
  ].map((url) => url && new URL(url).pathname);

test("over HTTP the manifest names the addresses the server has; by Socket Mode it names none", async () => {
  const http = await read("slack-app-manifest.yaml");
  expect(http.settings.socket_mode_enabled).toBe(false);
  const { events, interactions, commands, oauthRedirect } = SLACK_PATHS;
  expect(addressesOf(http)).toEqual([events, interactions, commands, oauthRedirect]);
  const socket = await read("slack-app-manifest-socket.yaml");
  expect(socket.settings.socket_mode_enabled).toBe(true);
  expect(addressesOf(socket)).toEqual([undefined, undefined, undefined]);
});

test("every event we subscribe to is covered by a scope we ask for, and known by its name when it comes", () => {
  for (const kind of ["channel", "group", "im", "mpim"] as const) {
    expect(SLACK_BOT_SCOPES).toContain(scopeOfEvent("message", kind));
    expect(subscriptionOf({ type: "message", channel_type: kind })).toMatch(/^message\./);
  }
  for (const type of ["app_mention", "reaction_added"])
    expect([subscriptionOf({ type }), SLACK_BOT_SCOPES.includes(scopeOfEvent(type, "channel") as never)]).toEqual([
      type,
      true,
    ]);
  expect(subscriptionOf({ type: "user_typing" })).toBeUndefined();
});
