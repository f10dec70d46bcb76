import type { HubMachine } from "../../../src/contract/hub.ts";
import { ActiveIcon, type MarkIcon, OfflineIcon, RingIcon, RunningIcon } from "../components/icons.tsx";

export type MachineState = "busy" | "active" | "idle" | "offline";

export const STATES: readonly MachineState[] = ["busy", "active", "idle", "offline"];

export const stateOf = ({ is_connected: isConnected, metadata }: HubMachine): MachineState =>
  !isConnected || metadata.status === "disconnected" ? "offline" : metadata.status;

const LOOKS: Record<MachineState, { Icon: typeof MarkIcon; tone: string; word: string; says: string }> = {
  busy: { Icon: RunningIcon, tone: "t-run", word: "Busy", says: "a run is on" },
  active: { Icon: ActiveIcon, tone: "t-run", word: "Active", says: "somebody has its dashboard open" },
  idle: { Icon: RingIcon, tone: "t-wait", word: "Idle", says: "ready" },
  offline: { Icon: OfflineIcon, tone: "t-wait", word: "Offline", says: "not connected" },
};

export const wordOf = (state: MachineState): string => LOOKS[state].word;
export const saysOf = (state: MachineState): string => LOOKS[state].says;

export function MachineStateIcon({ state, size = 14 }: { state: MachineState; size?: number }) {
  const { Icon, tone } = LOOKS[state];
  return <Icon size={size} className={tone} />;
}
