import { type MachineFrame, REPORTS_CAPABILITY } from "../contract/orchestrator-frames.ts";
import type { MachineLink } from "./machine-link.ts";
import { setStatus } from "./machine-queries.ts";
import type { MachineSocketParts } from "./machine-socket.ts";

/** What a registered machine says: answers are handed on at once, what is to be recorded is returned as work. */
export function hearMachine(
  link: MachineLink,
  frame: MachineFrame,
  { db, timeline, tell }: MachineSocketParts,
): (() => Promise<void>) | undefined {
  const old = !link.hasTunnel;
  switch (frame.type) {
    case "http_proxy_response":
      link.plain.receive(frame);
      return undefined;
    case "response_chunk":
    case "response_complete":
      link.userRequests.receive(frame, { old });
      return undefined;
    case "error": {
      link.userRequests.receive(frame, { old });
      if (frame.request_id) link.plain.fail(frame.request_id, frame.message);
      return () => timeline.add({ machineId: link.machineId, kind: "error", text: frame.message });
    }
    case "report": {
      if (!link.capabilities.includes(REPORTS_CAPABILITY)) return undefined;
      return () => timeline.add({ machineId: link.machineId, kind: frame.level, text: frame.message });
    }
    case "status_update": {
      const { status, orchestration } = frame;
      // A machine speaks for itself only, and whether it is connected is ours to say.
      if (frame.client_id !== link.clientId || status === "disconnected") return undefined;
      return async () => {
        const own = { id: link.machineId, connectionId: link.connectionId };
        const isOurs = await setStatus(db, own, { status, orchestration, tell });
        if (!isOurs) link.replaced();
      };
    }
    case "register":
    case "ping":
    case "pending_register":
      return undefined;
  }
}
