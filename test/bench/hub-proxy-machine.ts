import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { readConfig } from "../../src/config.ts";
import { openInProcess } from "../../src/http/in-process.ts";
import { createLogger } from "../../src/lib/logger.ts";
import { createStreamAnswerer } from "../../src/orchestrator/answer-stream.ts";
import { createGithubMembership } from "../../src/orchestrator/github-membership.ts";
import { createHubGate } from "../../src/orchestrator/hub-gate.ts";
import { stayConnected } from "../../src/orchestrator/stay-connected.ts";

/**
 * Our machine's end of the tunnel with a server of big answers behind it instead of the application, which has none;
 * the same server listens by itself for the comparison. In a process of its own: node hub-proxy-machine.ts, with the
 * machine's environment. Tells its port.
 */
const CHUNK = Buffer.alloc(64 * 1024, "x");
const log = createLogger("warn");
const { orchestrator: config } = readConfig(process.env);
if (!config) throw new Error("there is no hub to connect to");

/** `/<bytes>`: an answer of so many. */
const server = createServer((req, res) => {
  const bytes = Number(req.url?.slice(1));
  res.writeHead(200, { "content-type": "application/octet-stream", "content-length": bytes });
  const count = Math.floor(bytes / CHUNK.length);
  const chunks = function* () {
    for (let n = 0; n < count; n++) yield CHUNK;
    yield CHUNK.subarray(0, bytes % CHUNK.length);
  };
  Readable.from(chunks(), { objectMode: false }).pipe(res);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

const gate = createHubGate({
  rules: config.rules,
  github: createGithubMembership(config.githubApiUrl),
  authDebug: false,
  log,
});
const answer = createStreamAnswerer({ inProcess: openInProcess(server), gate, log });
stayConnected({
  config,
  project: "/home/someone/project",
  claims: { read: async () => undefined, save: async () => [], forget: async () => [] },
  status: { current: () => "idle", onChange: () => () => undefined, async [Symbol.asyncDispose]() {} },
  handlers: { http: () => {}, user: () => {}, stream: (stream, open, link) => void answer(stream, open, link) },
  log,
});
process.send?.({ port: (server.address() as AddressInfo).port });
process.on("disconnect", () => process.exit());
