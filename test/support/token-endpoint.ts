import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";

/** Whether a certificate can be made here. */
export function hasOpenssl(): boolean {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const HOSTS = ["platform.claude.com", "api.anthropic.com"];
const TOKEN_SECONDS = 28_800;

export interface TokenEndpoint extends AsyncDisposable {
  /** What lets Claude reach this in place of the real one: a proxy on loopback, and whom to trust. */
  environment: Record<string, string>;
  /** The refresh tokens that were handed in, in order. */
  handedIn: string[];
}

/**
 * Stands in for the endpoint where Claude renews a login: each refresh token is good for once, as the real ones are.
 * It is reached through a proxy of its own, so that nothing of a test leaves the machine.
 */
export async function startTokenEndpoint({ delayMs }: { delayMs: number }): Promise<TokenEndpoint> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "orch-login-"));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const { key, cert } = makeCertificate(folder);
  const tokens = createTokens();
  const endpoint = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const json = { "content-type": "application/json" };
      if (req.url !== "/v1/oauth/token") return res.writeHead(404, json).end("{}");
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { refresh_token: string };
      const answer = tokens.renew(body.refresh_token);
      const send = () => res.writeHead(answer ? 200 : 400, json).end(JSON.stringify(answer ?? REFUSED));
      return setTimeout(send, delayMs);
    });
  });
  const proxyUrl = await startProxy(await listen(endpoint, parts), parts);
  const environment = { HTTPS_PROXY: proxyUrl, NO_PROXY: "127.0.0.1,localhost", NODE_EXTRA_CA_CERTS: cert };
  const kept = parts.move();
  return { environment, handedIn: tokens.handedIn, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const REFUSED = { error: "invalid_grant" };

function makeCertificate(folder: string) {
  const files = { key: join(folder, "key.pem"), cert: join(folder, "cert.pem") };
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=test", "-addext", `subjectAltName=${HOSTS.map((host) => `DNS:${host}`).join(",")}`];
  const out = ["-keyout", files.key, "-out", files.cert];
  execFileSync("openssl", ["req", "-x509", ...curve, ...out, ...names], { stdio: "ignore" });
  return files;
}

function createTokens() {
  const handedIn: string[] = [];
  let generation = 1;
  return {
    handedIn,
    renew(refreshToken: string): object | undefined {
      handedIn.push(refreshToken);
      if (refreshToken !== `refresh-${generation}`) return undefined;
      generation += 1;
      const made = { access_token: `access-${generation}`, refresh_token: `refresh-${generation}` };
      return { ...made, expires_in: TOKEN_SECONDS, scope: "user:inference user:profile", token_type: "Bearer" };
    },
  };
}

/** A proxy that leads every address to this port. */
async function startProxy(port: number, parts: AsyncDisposableStack): Promise<string> {
  const proxy = createServer();
  const tunnels = new Set<Duplex>();
  proxy.on("connect", (_, client) => {
    tunnels.add(client);
    const up = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      up.pipe(client);
      client.pipe(up);
    });
    up.on("error", () => client.destroy());
    client.on("error", () => up.destroy());
    client.on("close", () => {
      tunnels.delete(client);
      up.destroy();
    });
  });
  const url = `http://127.0.0.1:${await listen(proxy, parts)}`;
  // The server does not count them as its own, and would wait for them.
  parts.defer(() => tunnels.forEach((client) => client.destroy()));
  return url;
}

async function listen(server: Server, parts: AsyncDisposableStack): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  parts.defer(async () => {
    server.closeAllConnections();
    await server[Symbol.asyncDispose]();
  });
  return (server.address() as AddressInfo).port;
}
