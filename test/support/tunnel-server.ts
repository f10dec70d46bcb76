import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { Duplex } from "node:stream";
import { SignJWT } from "jose";
import { pino } from "pino";
import { findCaller } from "../../src/auth/caller.ts";
import type { GithubRules } from "../../src/config-orchestrator.ts";
import type { HttpProxyRequest, IdentityKey, MachineFrame } from "../../src/contract/orchestrator-frames.ts";
import type { TunnelOpen } from "../../src/contract/orchestrator-tunnel.ts";
import { openInProcess } from "../../src/http/in-process.ts";
import { createTunnel } from "../../src/lib/tunnel-streams.ts";
import { createPlainAnswerer } from "../../src/orchestrator/answer-plain.ts";
import { createStreamAnswerer } from "../../src/orchestrator/answer-stream.ts";
import { createGithubMembership } from "../../src/orchestrator/github-membership.ts";
import { createHubGate } from "../../src/orchestrator/hub-gate.ts";
import type { HubLink } from "../../src/orchestrator/hub-session.ts";

export const NO_RULES: GithubRules = { users: [], teams: [], orgs: [] };
export const CLIENT_ID = "test-machine";

const silent = pino({ level: "silent" });

export interface Signer {
  key: IdentityKey;
  sign(claims?: object, options?: { audience?: string; age?: number; seconds?: number }): Promise<string>;
}

/** The keys of a hub. */
export function signer(): Signer {
  const { privateKey }: { privateKey: KeyObject } = generateKeyPairSync("ed25519");
  const x = createPublicKey(privateKey).export({ format: "jwk" }).x ?? "";
  const key: IdentityKey = {
    kty: "OKP",
    crv: "Ed25519",
    x,
    kid: createHash("sha256").update(x).digest("hex").slice(0, 8),
  };
  return {
    key,
    sign(claims = {}, { audience = CLIENT_ID, age = 0, seconds = 60 } = {}) {
      const now = Math.floor(Date.now() / 1000) - age;
      return new SignJWT({ sub: "42", login: "octocat", ...claims })
        .setProtectedHeader({ alg: "EdDSA", kid: key.kid })
        .setAudience(audience)
        .setIssuedAt(now)
        .setExpirationTime(now + seconds)
        .sign(privateKey);
    },
  };
}

export interface TunnelServer extends AsyncDisposable {
  signer: Signer;
  /** A request through the tunnel; signed as octocat unless it says otherwise. */
  open(open: Partial<TunnelOpen>): Promise<ReturnType<ReturnType<typeof createTunnel>["open"]>>;
  /** A request by the plain frames of an existing hub, which signs nothing. */
  plain(
    request: Partial<Omit<HttpProxyRequest, "type">>,
  ): Promise<Extract<MachineFrame, { type: "http_proxy_response" }>>;
}

interface Options {
  onUpgrade?: (req: IncomingMessage, socket: Duplex) => void;
  rules?: GithubRules;
  githubApiUrl?: string;
}

/** Any application behind a machine's end of the tunnel, with a hub's end in the same process. */
export async function tunnelServer(
  app: RequestListener,
  { onUpgrade, rules = NO_RULES, githubApiUrl = "http://127.0.0.1:1" }: Options = {},
): Promise<TunnelServer> {
  const server = createServer(app);
  server.on("upgrade", (req, socket) => onUpgrade?.(req, socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const hubKeys = signer();
  const inProcess = openInProcess(server);
  const gate = createHubGate({ rules, github: createGithubMembership(githubApiUrl), authDebug: false, log: silent });
  const answer = createStreamAnswerer({ inProcess, gate, log: silent });
  const answerPlain = createPlainAnswerer({ inProcess, gate, log: silent });
  const ended = new AbortController();
  const link: HubLink = {
    clientId: CLIENT_ID,
    send: () => undefined,
    hasTunnel: true,
    identityKeys: [hubKeys.key],
    ended: ended.signal,
  };
  const hub = createTunnel({ send: (bytes) => setImmediate(() => machine.receive(bytes)) });
  const machine = createTunnel({
    send: (bytes) => setImmediate(() => hub.receive(bytes)),
    onOpen: (stream, open) => void answer(stream, open, link),
  });
  return {
    signer: hubKeys,
    async open(open) {
      const identity = "identity" in open ? open.identity : await hubKeys.sign();
      return hub.open({ kind: "http", method: "GET", target: "/", headers: [], body: false, ...open, identity });
    },
    plain: (request) =>
      new Promise((resolve) => {
        const send = (frame: MachineFrame) => void (frame.type === "http_proxy_response" && resolve(frame));
        const frame: HttpProxyRequest = {
          request_id: "r1",
          method: "GET",
          path: "/",
          headers: [],
          ...request,
          type: "http_proxy_request",
        };
        void answerPlain(frame, { ...link, send, hasTunnel: false, identityKeys: [] });
      }),
    async [Symbol.asyncDispose]() {
      ended.abort();
      hub.close();
      machine.close();
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** What the application saw, as JSON. */
export const echo: RequestListener = (req, res) => {
  const chunks: Buffer[] = [];
  req.on("data", (chunk: Buffer) => chunks.push(chunk));
  req.on("end", () => {
    res.setHeader("content-type", "application/json");
    res.end(
      JSON.stringify({
        method: req.method,
        url: req.url,
        headers: req.headers,
        body: Buffer.concat(chunks).toString(),
        caller: findCaller(req),
      }),
    );
  });
};
