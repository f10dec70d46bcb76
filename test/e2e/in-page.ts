/* Functions that a test hands to a page: each runs there, at the page's own origin, and so holds all it needs. */

interface Bytes {
  /** Of what the page was served, in hex. */
  sha256: string;
  size: number;
  type: string | null;
  /** Of a thousand bytes out of the middle. */
  part: { status: number; size: number };
  upload: { status: number; answer: unknown };
}

/** Reads bytes from one path and sends the very same to another. */
export async function bytesDownAndUp({ from, to }: { from: string; to: string }): Promise<Bytes> {
  const served = await fetch(from, { cache: "no-store" });
  const bytes = await served.arrayBuffer();
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const part = await fetch(from, { cache: "no-store", headers: { range: "bytes=1000-1999" } });
  const upload = await fetch(to, {
    method: "POST",
    body: bytes,
    headers: { "content-type": "application/octet-stream", "x-envelope-from": "" },
  });
  return {
    sha256: Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join(""),
    size: bytes.byteLength,
    type: served.headers.get("content-type"),
    part: { status: part.status, size: (await part.arrayBuffer()).byteLength },
    upload: { status: upload.status, answer: await upload.json() },
  };
}

/**
 * Opens a Socket.IO connection by the browser's own WebSocket, without falling back to anything, and follows a workspace.
 * Resolves once it is subscribed; what it is told from then on stands in `window.told`.
 */
export function followWorkspace(workspaceId: string): Promise<void> {
  const told: unknown[] = [];
  Object.assign(window, { told });
  const socket = new WebSocket(`ws://${location.host}/orchestration/?EIO=4&transport=websocket`);
  return new Promise((resolve, reject) => {
    socket.addEventListener("error", () => reject(new Error("the WebSocket failed")));
    socket.addEventListener("close", ({ code }) => reject(new Error(`the WebSocket was closed with ${code}`)));
    socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
      // Engine.IO: 0 open, 2 ping, 3 pong, 4 message; Socket.IO in a message: 0 connect, 2 event, 4 refused.
      if (data.startsWith("0")) socket.send("40");
      else if (data === "2") socket.send("3");
      else if (data.startsWith("40")) socket.send(`42${JSON.stringify(["subscribe", { workspaceId }])}`);
      else if (data.startsWith("44")) reject(new Error(`the server refused: ${data}`));
      else if (data.startsWith("42")) {
        const event = JSON.parse(data.slice(2)) as [string, unknown];
        told.push(event);
        if (event[0] === "subscribed") resolve();
      }
    });
  });
}

/** What `followWorkspace` was told so far, by the name of the event. */
export const toldOf = (name: string): unknown[] =>
  (Reflect.get(window, "told") as [string, unknown][]).filter(([event]) => event === name).map(([, value]) => value);
