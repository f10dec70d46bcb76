import { openSocket, type Frame } from "./hub.ts";

interface Asked extends Frame {
  request_id: string;
  method: string;
  path: string;
  query?: string;
  headers: [string, string][];
  body?: string;
  proxy_base?: string;
}

/**
 * A machine of the older kind, written from what is known of it: it knows the plain frames, its client id changes with each
 * start, it never completes a request of a person by itself, and answers files as base64.
 */
export async function oldMachine(port: number, token: string, hostname: string) {
  const clientId = `${hostname}-${Math.floor(Math.random() * 100_000)}`;
  const socket = await openSocket(`ws://127.0.0.1:${port}/ws/connect?token=${token}&client_id=${clientId}`);
  const asked: Asked[] = [];
  const person: Frame[] = [];
  socket.socket.on("message", (data: Buffer) => {
    const frame = JSON.parse(data.toString()) as Frame;
    if (frame.type === "http_proxy_request") {
      asked.push(frame as Asked);
      const answer = answerOf(frame as Asked);
      if (answer) socket.send({ type: "http_proxy_response", request_id: (frame as Asked).request_id, ...answer });
    }
    if (frame.type === "user_request") {
      person.push(frame);
      answerPerson(frame, (reply) => socket.send({ request_id: frame["request_id"], ...reply }));
    }
  });
  const metadata = { hostname, project: "/workspace/project", status: "idle", version: "1.0.0", platform: "linux" };
  socket.send({
    type: "register",
    client_id: clientId,
    user_token: null,
    metadata: { ...metadata, callback_url: null },
  });
  const registered = await socket.frame("registered");
  return { socket, clientId, registered, asked, person };
}

function answerOf({ path, method, headers, body, query, proxy_base }: Asked) {
  if (path === "/silent") return undefined;
  if (path === "/icon.png")
    return {
      status: 200,
      headers: [
        ["content-type", "image/png"],
        ["x-orch-encoding", "base64"],
        ["content-encoding", "gzip"],
        ["content-length", "9"],
        ["connection", "keep-alive"],
      ],
      body: Buffer.from([0, 255, 128, 7]).toString("base64"),
    };
  if (path === "/created")
    return {
      status: 201,
      headers: [
        ["set-cookie", "a=1; Domain=x; Path=/"],
        ["set-cookie", "hub=stolen"],
      ],
      body: "made",
    };
  if (path === "/gone") return { status: 404, headers: [["content-type", "text/plain"]], body: "not here" };
  return {
    status: 200,
    headers: [["content-type", "application/json"]],
    body: JSON.stringify({ path, method, headers, body, query, proxy_base }),
  };
}

function answerPerson({ action, payload }: Frame, reply: (frame: object) => void): void {
  if (action === "close") return reply({ type: "response_complete", data: { code: 1000, reason: "Normal close" } });
  if (action === "claude-permission-response") return;
  if (action === "check-session-status")
    return reply({ type: "response_chunk", data: { type: "session-status", isProcessing: false } });
  if (action === "claude-command") {
    reply({ type: "response_chunk", data: { type: "session-created", sessionId: "s1" } });
    if ((payload as { command?: string }).command === "wait") return;
    reply({ type: "response_chunk", data: { type: "claude-complete" } });
  } else {
    reply({ type: "error", message: `Unknown action: ${String(action)}` });
  }
}
