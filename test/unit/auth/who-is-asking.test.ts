import type { IncomingMessage } from "node:http";
import { expect, test } from "vitest";
import { setCaller } from "../../../src/auth/caller.ts";
import { createWhoIsAsking } from "../../../src/auth/who-is-asking.ts";

const who = createWhoIsAsking({
  host: "127.0.0.1",
  allowedHosts: [],
  apiKeys: [],
  verifyRunToken: () => Promise.resolve(undefined),
});

const requestFrom = (remoteAddress: string) =>
  ({
    method: "GET",
    url: "/api/sessions",
    headers: { host: "localhost" },
    socket: { remoteAddress },
  }) as unknown as IncomingMessage;

test("a peer elsewhere is not local, whatever we think we listen on", async () => {
  expect(await who.identify(requestFrom("127.0.0.1"))).toEqual({ kind: "local", name: "local" });
  expect(await who.identify(requestFrom("::ffff:127.0.0.1"))).toEqual({ kind: "local", name: "local" });
  await expect(who.identify(requestFrom("10.0.0.2"))).rejects.toThrow("need an API key");
  await expect(who.identify(requestFrom(""))).rejects.toThrow("need an API key");
});

test("a request that came in with its caller set keeps it and is not judged", async () => {
  const request = requestFrom("10.0.0.2");
  setCaller(request, { kind: "key", name: "hub user" });
  expect(await who.identify(request)).toEqual({ kind: "key", name: "hub user" });
});
