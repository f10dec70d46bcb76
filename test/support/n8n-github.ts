import { createHmac, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeGithub extends AsyncDisposable {
  /** What stands as server in n8n's credential. */
  url: string;
  /** Webhooks that were registered. */
  hooks: readonly { repository: string; url: string; secret: string; events: string[] }[];
  comments: readonly { issue: string; body: string }[];
  /** Tells the registered webhook of an event, signed as GitHub does. */
  deliver(event: string, payload: object): Promise<number>;
}

/** As much of GitHub's API as n8n's nodes use here. */
export async function startFakeGithub(): Promise<FakeGithub> {
  const hooks: FakeGithub["hooks"][number][] = [];
  const comments: FakeGithub["comments"][number][] = [];

  function answer(path: string, body: Record<string, unknown>): { status: number; body: object } {
    const hook = /^\/repos\/([^/]+\/[^/]+)\/hooks$/.exec(path);
    if (hook) {
      const { url, secret } = body["config"] as { url: string; secret: string };
      hooks.push({ repository: hook[1] ?? "", url, secret, events: body["events"] as string[] });
      return { status: 201, body: { id: hooks.length, active: true, events: body["events"], config: { url } } };
    }
    const comment = /^\/repos\/([^/]+\/[^/]+)\/issues\/(\d+)\/comments$/.exec(path);
    if (!comment) return { status: 404, body: { message: "Not Found" } };
    comments.push({ issue: `${comment[1]}#${comment[2]}`, body: String(body["body"]) });
    return { status: 201, body: { id: comments.length } };
  }

  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on("data", (chunk: Buffer) => chunks.push(chunk));
    req.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const { status, body } = answer(req.url ?? "", text === "" ? {} : (JSON.parse(text) as Record<string, unknown>));
      res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hooks,
    comments,
    async deliver(event, payload) {
      const hook = hooks.at(-1);
      if (!hook) throw new Error("no webhook was registered");
      const body = JSON.stringify(payload);
      const answered = await fetch(hook.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "x-github-event": event,
          "x-github-delivery": randomUUID(),
          "x-hub-signature-256": `sha256=${createHmac("sha256", hook.secret).update(body).digest("hex")}`,
        },
        body,
      });
      return answered.status;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}
