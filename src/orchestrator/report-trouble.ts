import type { MachineFrame } from "../contract/orchestrator-frames.ts";
import type { Trouble, TroubleSource } from "../lib/logger.ts";

const MAX_LENGTH = 1_000;
const MAX_PER_MINUTE = 30;
const MINUTE_MS = 60_000;

/** Tells a hub of this process's warnings and errors, a few a minute; the returned function ends that. */
export function reportTrouble(
  trouble: TroubleSource,
  clientId: string,
  send: (frame: MachineFrame) => void,
): () => void {
  let since = performance.now();
  let sent = 0;
  return trouble.watch(({ level, message }: Trouble) => {
    if (performance.now() - since > MINUTE_MS) {
      since = performance.now();
      sent = 0;
    }
    sent += 1;
    if (sent > MAX_PER_MINUTE) return;
    send({
      type: "report",
      client_id: clientId,
      level,
      message: message.slice(0, MAX_LENGTH),
      at: new Date().toISOString(),
    });
  });
}
