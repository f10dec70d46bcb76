import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export interface TcpDoor extends AsyncDisposable {
  url: string;
  /** Nobody answers any more: new connections are refused, open ones end. */
  shut(): Promise<void>;
  /** Answers again, at the same address. */
  reopen(): Promise<void>;
}

/** A way to a server that can be shut and opened again, as if the server had gone and come back. */
export async function openTcpDoor(target: string): Promise<TcpDoor> {
  const { hostname, port: targetPort } = new URL(target);
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  function join(socket: Socket): void {
    const onward = connect(Number(targetPort), hostname);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  }
  async function reopen(): Promise<void> {
    server = createServer(join).listen(port, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  }
  async function shut(): Promise<void> {
    if (!server?.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  }
  await reopen();
  return { url: `http://127.0.0.1:${port}`, shut, reopen, [Symbol.asyncDispose]: shut };
}
