import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { answer, type FakeState } from "./fake-api.ts";

const DIST = join(import.meta.dirname, "../dist");
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png",
  ".woff2": "font/woff2", ".webmanifest": "application/manifest+json",
};
/** As strict as the real server's, so that what breaks under it breaks here. */
const POLICY = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; font-src 'self'; connect-src 'self'; base-uri 'none'; object-src 'none'";

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}

function sendFile(path: string, response: ServerResponse): void {
  const wanted = join(DIST, normalize(path));
  const file = wanted.startsWith(DIST) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(DIST, "index.html");
  response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "content-security-policy": POLICY });
  createReadStream(file).pipe(response);
}

/** The built dashboard on the API in memory. `feeds` are the open event streams, to write to and to break. */
export async function startMockServer(state: FakeState, port = 0) {
  const feeds = new Set<ServerResponse>();
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://x");
    if (!pathname.startsWith("/api/")) return sendFile(pathname, response);
    if (state.down) return response.destroy();
    if (pathname === "/api/events" && !state.apiKey) {
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      response.write("retry: 1000\n\n");
      feeds.add(response);
      response.on("close", () => feeds.delete(response));
      return;
    }
    const body = request.method === "GET" ? null : await bodyOf(request);
    const answered = await answer(state, new Request(`http://x${request.url}`, { method: request.method ?? "GET", body }));
    response.writeHead(answered.status, Object.fromEntries(answered.headers));
    response.end(Buffer.from(await answered.arrayBuffer()));
  });
  await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
  const address = server.address();
  const at = typeof address === "object" && address ? address.port : port;
  return {
    url: `http://127.0.0.1:${at}`,
    feeds,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
