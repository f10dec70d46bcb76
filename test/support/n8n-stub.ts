import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Where an execution stands: before its Wait node, at it, after it, at its end; or n8n cannot carry it out just now. */
type State = "running" | "waiting" | "resumed" | "finished" | "stumbling";

const SIGNATURE = `${"a".repeat(63)}%2F`;
const RESUME_MS = 50;

interface Answer {
  status: number;
  type: string;
  body: string;
}

const json = (status: number, message: string): Answer => ({
  status,
  type: "application/json; charset=utf-8",
  body: JSON.stringify({ message }),
});

const page = (path: string): Answer => ({
  status: 404,
  type: "text/html; charset=utf-8",
  body: `<!DOCTYPE html>\n<html lang="en">\n<body><pre>Cannot POST ${path}</pre></body></html>`,
});

const atHome = (id: string): Record<Exclude<State, "waiting">, Answer> => ({
  running: json(409, `The execution "${id}" is running already.`),
  resumed: json(409, `The execution "${id}" is running already.`),
  finished: json(409, `The execution "${id}" has finished already.`),
  stumbling: json(500, "There was a problem executing the workflow"),
});

/** The executions of an n8n, and what it answers to a POST at a resume URL, as it was measured with 2.41. */
function createExecutions() {
  const executions = new Map<string, State>();
  const resumed: string[] = [];
  let busy = 0;
  let most = 0;

  async function resume(id: string, body: string): Promise<Answer> {
    // Of several at once one gets through.
    if (busy > 1) return atHome(id).stumbling;
    await sleep(RESUME_MS);
    executions.set(id, "resumed");
    resumed.push(body);
    return json(200, "Workflow was started");
  }

  async function decide({ method, url = "" }: IncomingMessage, body: string): Promise<Answer> {
    const [path = "", query] = url.split("?");
    const id = path.replace(/^\/webhook-waiting\//u, "");
    const at = executions.get(id);
    if (method !== "POST" || at === undefined) return json(404, `The execution "${id}" does not exist.`);
    if (query !== `signature=${SIGNATURE}`) return json(401, "Invalid token");
    return at === "waiting" ? resume(id, body) : atHome(id)[at];
  }

  return {
    resumed,
    move: (id: string, to: State) => void executions.set(id, to),
    mostAtOnce: () => most,
    async answer(req: IncomingMessage, body: string): Promise<Answer> {
      busy += 1;
      most = Math.max(most, busy);
      return decide(req, body).finally(() => (busy -= 1));
    },
  };
}

/** An n8n on loopback, as far as its resume URLs go. `booting`: it listens, and has no webhooks yet. */
export async function startN8nStub({ port = 0, booting = false } = {}) {
  const { resumed, move, mostAtOnce, answer } = createExecutions();
  const seen: { url: string; status: number }[] = [];
  let ready = !booting;

  async function serve(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { url = "" } = req;
    const text = Buffer.concat(await req.toArray()).toString();
    const { status, type, body } = ready ? await answer(req, text) : page(url);
    seen.push({ url, status });
    res.writeHead(status, { "content-type": type }).end(body);
  }

  const server = createServer((req, res) => void serve(req, res).catch(() => res.destroy()));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const address = server.address() as AddressInfo;
  return {
    port: address.port,
    /** The resume URL of an execution that stands there. */
    execution(id: string, at: State): string {
      move(id, at);
      return `http://127.0.0.1:${address.port}/webhook-waiting/${id}?signature=${SIGNATURE}`;
    },
    move,
    ready: () => void (ready = true),
    seen,
    statuses: (): number[] => seen.map(({ status }) => status),
    /** What resumed an execution. */
    resumed,
    /** Requests that were under way at one time. */
    mostAtOnce,
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
