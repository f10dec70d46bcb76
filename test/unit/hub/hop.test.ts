import { once } from "node:events";
import { createServer, request } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { expect, test } from "vitest";
import { createHops } from "../../../src/hub/hop.ts";
import { createHubSecrets } from "../../../src/hub/hub-secrets.ts";

const hops = createHops(createHubSecrets("a secret of the hub that is long enough"));
const viewer = { userId: "u", login: "anna", githubId: 2, orgs: [], teams: [], signInId: "s" };
/** The first byte of a TLS handshake. */
const HANDSHAKE = 0x16;

test("the way to another process is encrypted when its address says so", async () => {
  const heard = Promise.withResolvers<number>();
  const other = createTcpServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (bytes) => {
      heard.resolve(bytes[0] ?? 0);
      socket.destroy();
    });
  });
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  const processUrl = `https://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const hub = createServer((req, res) => {
    hops.http(req, res, { machineId: "m", viewer, processUrl }).catch(() => res.writeHead(503).end());
  });
  hub.listen(0, "127.0.0.1");
  await once(hub, "listening");
  const asked = request({ port: (hub.address() as AddressInfo).port, host: "127.0.0.1" });
  asked.end();
  const [answer] = (await once(asked, "response")) as [{ statusCode: number; resume: () => void }];
  answer.resume();
  expect([await heard.promise, answer.statusCode]).toEqual([HANDSHAKE, 503]);
  hub.close();
  hub.closeAllConnections();
  other.close();
});
