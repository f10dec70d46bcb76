import { randomBytes } from "node:crypto";
import type { HubFrame, MachineFrame } from "../contract/orchestrator-frames.ts";
import { HUB_LIMITS } from "./limits.ts";

/** Nothing heard for so long: the request is over. */
const SILENT_MS = 10 * 60_000;
/** What the last object of an old client's answer is called; it never says that it is complete. */
const LAST = new Set([
  "claude-complete",
  "claude-error",
  "session-aborted",
  "session-status",
  "active-sessions",
  "error",
]);

export interface Chunk {
  data: unknown;
  complete: boolean;
}
type Reply = Extract<MachineFrame, { type: "response_chunk" | "response_complete" | "error" }>;

/** Requests of people to a machine (`user_request`), each with an id of ours: nobody can answer for another's. */
export function createUserRequests(send: (frame: HubFrame) => boolean) {
  const open = new Map<string, { onChunk: (chunk: Chunk) => void; timer: NodeJS.Timeout }>();

  function finish(id: string, data: unknown): void {
    const request = open.get(id);
    if (!request) return;
    clearTimeout(request.timer);
    open.delete(id);
    request.onChunk({ data, complete: true });
  }

  function close(id: string, data: unknown): void {
    finish(id, data);
    // An old client holds what it began for as long as nobody says this, and reports to be active.
    send({ type: "user_request", request_id: id, action: "close", payload: {} });
  }

  return {
    /** Undefined when the machine is gone or has too much to do; else what ends the request from our side. */
    start(
      ask: { action: string; payload: unknown; identity?: string | undefined },
      onChunk: (chunk: Chunk) => void,
    ): (() => void) | undefined {
      if (open.size >= HUB_LIMITS.requestsPerMachine) return undefined;
      const id = `req_${randomBytes(12).toString("hex")}`;
      const { action, payload, identity } = ask;
      const sent = send({
        type: "user_request",
        request_id: id,
        action,
        payload: payload ?? null,
        ...(identity !== undefined && { identity }),
      });
      if (!sent) return undefined;
      const timer = setTimeout(() => close(id, { error: true, message: "The machine did not answer" }), SILENT_MS);
      timer.unref();
      open.set(id, { onChunk, timer });
      return () => {
        if (open.has(id)) close(id, { error: true, message: "Cancelled" });
      };
    },

    /** What the machine said to one of them; an id that is not open is of nobody's concern. */
    receive(frame: Reply, { old }: { old: boolean }): void {
      const id = frame.request_id ?? "";
      const request = open.get(id);
      if (!request) return;
      request.timer.refresh();
      if (frame.type === "response_complete") return finish(id, frame.data ?? { complete: true });
      if (frame.type === "error") {
        const data = { error: true, message: frame.message, ...(frame.auth_error && { auth_error: true }) };
        return old ? close(id, data) : finish(id, data);
      }
      request.onChunk({ data: frame.data, complete: false });
      if (old && isLast(frame.data)) close(id, { complete: true });
    },

    /** The machine is gone. */
    end(): void {
      for (const id of open.keys()) finish(id, { error: true, message: "The machine is gone" });
    },
    get size() {
      return open.size;
    },
  };
}

const isLast = (data: unknown): boolean =>
  typeof data === "object" && data !== null && "type" in data && typeof data.type === "string" && LAST.has(data.type);
