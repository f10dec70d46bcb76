import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { SubscriptionEvent } from "../../src/contract/subscription.ts";

/** One event that arrived. */
export interface HeardEvent {
  headers: IncomingHttpHeaders;
  text: string;
  event: SubscriptionEvent;
}

/** A URL on loopback that hears of events; what is no event of ours fails in `faults`. */
export async function startEventReceiver(
  answer: (res: ServerResponse, heard: HeardEvent) => unknown = (res) => res.end("ok"),
  atPort = 0,
) {
  const heard: HeardEvent[] = [];
  const faults: unknown[] = [];
  const server = createServer((req, res) => {
    void (async () => {
      const text = Buffer.concat(await req.toArray()).toString();
      const event = SubscriptionEvent.parse(JSON.parse(text));
      const one = { headers: req.headers, text, event };
      heard.push(one);
      answer(res, one);
    })().catch((error: unknown) => {
      faults.push(error);
      res.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(atPort, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}/events?token=a%2Fb`,
    heard,
    faults,
    types: (): string[] => heard.map(({ event }) => event.type),
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
