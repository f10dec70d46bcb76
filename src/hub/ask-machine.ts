import type { HubSecrets } from "./hub-secrets.ts";
import type { Timeline } from "./machine-events.ts";
import type { MachineLinks } from "./machine-links.ts";
import type { MachineRow } from "./machine-queries.ts";
import type { Chunk } from "./user-requests.ts";
import type { Viewer } from "./viewer.ts";

export interface Ask {
  viewer: Viewer;
  machine: MachineRow;
  action: string;
  payload: unknown;
  onChunk: (chunk: Chunk) => void;
}
export type AskMachine = (ask: Ask) => Promise<(() => void) | undefined>;

/** Hands a person's request to a machine that is connected to this process; what is returned cancels it. */
export function createAskMachine(parts: { links: MachineLinks; secrets: HubSecrets; timeline: Timeline }): AskMachine {
  const { links, secrets, timeline } = parts;

  return async ({ viewer, machine, action, payload, onChunk }) => {
    const link = links.get(machine.id);
    if (!link) return undefined;
    const identity = link.hasTunnel ? await secrets.signIdentity(viewer, link.clientId) : undefined;
    const cancel = link.userRequests.start({ action, payload, identity }, onChunk);
    if (cancel) await timeline.add({ machineId: machine.id, kind: "command", text: action, byLogin: viewer.login });
    return cancel;
  };
}
