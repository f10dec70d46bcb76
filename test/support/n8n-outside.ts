import { execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo, type Server as NetServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import { startFakeSlack, type FakeSlack, type FakeSlackOptions } from "./fake-slack/fake-slack.ts";

/** All that n8n can reach beyond loopback: Slack, which is ours. Everything else is refused and noted. */
export interface Outside extends AsyncDisposable {
  slack: FakeSlack;
  /** What makes n8n go through here, and trust it. */
  environment: Record<string, string>;
  /** Who else was asked for, `host:port` each: must stay empty. */
  refused: readonly string[];
  /** How many connections went to Slack. */
  tunnels(): number;
}

export async function startOutside(options: FakeSlackOptions = {}): Promise<Outside> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "orch-outside-"));
  parts.defer(() => rm(folder, { recursive: true, force: true }));
  const slack = parts.use(await startFakeSlack({ messageIntervalMs: 0, ...options }));
  const { key, cert } = makeCertificate(folder, "slack.com");
  const open = new Set<Duplex>();
  parts.defer(() => open.forEach((socket) => socket.destroy()));
  const tls = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (socket) =>
    tunnel(socket, Number(new URL(slack.url).port), open),
  );
  const tlsPort = await listen(tls, parts);
  const refused: string[] = [];
  let tunnels = 0;
  const proxy = createServer((req, res) => {
    refused.push(req.url ?? "");
    res.writeHead(403).end();
  });
  proxy.on("connect", (req, client) => {
    if (req.url !== "slack.com:443") {
      refused.push(req.url ?? "");
      client.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      return;
    }
    tunnels += 1;
    client.write("HTTP/1.1 200 OK\r\n\r\n");
    tunnel(client, tlsPort, open);
  });
  const proxyUrl = `http://127.0.0.1:${await listen(proxy, parts)}`;
  const kept = parts.move();
  return {
    slack,
    environment: {
      HTTP_PROXY: proxyUrl,
      HTTPS_PROXY: proxyUrl,
      NO_PROXY: "127.0.0.1,localhost",
      NODE_EXTRA_CA_CERTS: cert,
    },
    refused,
    tunnels: () => tunnels,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function makeCertificate(folder: string, host: string) {
  const files = { key: join(folder, "key.pem"), cert: join(folder, "cert.pem") };
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`];
  const out = ["-keyout", files.key, "-out", files.cert];
  execFileSync("openssl", ["req", "-x509", ...curve, ...out, ...names], { stdio: "ignore" });
  return files;
}

/** Leads everything that comes from `client` to a port of this machine, and back. */
function tunnel(client: Duplex, port: number, open: Set<Duplex>): void {
  const up = connect(port, "127.0.0.1");
  open.add(client);
  client.pipe(up).pipe(client);
  up.on("error", () => client.destroy());
  client.on("error", () => up.destroy());
  client.on("close", () => {
    open.delete(client);
    up.destroy();
  });
}

async function listen(server: Server | NetServer, parts: AsyncDisposableStack): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  parts.defer(() => void server.close());
  return (server.address() as AddressInfo).port;
}
