import type { TunnelHead, TunnelOpen } from "../../src/contract/orchestrator-tunnel.ts";
import { createTunnel, type TunnelStream } from "../../src/lib/tunnel-streams.ts";
import { openSocket } from "./hub.ts";

export type ScriptedTunnel = Awaited<ReturnType<typeof scriptedTunnel>>;

interface Answer extends TunnelHead {
  body: string;
}

/** A machine with the tunnel that answers whatever a test tells it to, also what no server would. */
export async function scriptedTunnel(hubPort: number, token: string, hostname: string) {
  const socket = await openSocket(`ws://127.0.0.1:${hubPort}/ws/connect?token=${token}&client_id=${hostname}`);
  /** By path. */
  const answers: Record<string, Answer> = {};
  const opened: { stream: TunnelStream; open: TunnelOpen }[] = [];
  const tunnel = createTunnel({
    send: (message) => socket.socket.send(message),
    onOpen(stream, open) {
      opened.push({ stream, open });
      stream.on("error", () => undefined);
      const answer = answers[open.target.split("?", 1)[0] ?? ""];
      if (!answer) return;
      stream.sendHead({ status: answer.status, headers: answer.headers });
      stream.end(answer.body);
    },
  });
  socket.socket.on("message", (data: Buffer, isBinary: boolean) => void (isBinary && tunnel.receive(data)));
  const metadata = { hostname, project: "/p", status: "idle", capabilities: ["tunnel-1"] };
  socket.send({ type: "register", client_id: hostname, user_token: "", metadata });
  await socket.frame("registered");
  return {
    socket,
    answers,
    opened,
    async [Symbol.asyncDispose]() {
      tunnel.close();
      await socket[Symbol.asyncDispose]();
    },
  };
}
