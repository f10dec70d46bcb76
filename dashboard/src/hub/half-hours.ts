import type { HubMachineEvent } from "./hub-api.ts";
import type { MachineState } from "./machine-state.tsx";

const BLOCK_MS = 30 * 60_000;
const BLOCKS = 48;
const HEIGHT: Record<MachineState, number> = { offline: 0, idle: 1, active: 2, busy: 3 };

/** What a machine was after an event; undefined for what does not say. Status events read `before → after`. */
function stateAfter({ kind, text }: HubMachineEvent): MachineState | undefined {
  if (kind === "disconnected") return "offline";
  if (kind === "connected") return "idle";
  if (kind !== "status") return undefined;
  const after = text.split("→").at(-1)?.trim();
  return after === "busy" || after === "active" || after === "idle" ? after : undefined;
}

interface Stretch {
  from: number;
  state: MachineState;
}

/**
 * The last 24 hours in 48 blocks, the oldest first: the most a machine was in each. Undefined where its history does not
 * reach: events are the latest first, and only so many are kept.
 */
export function halfHours(
  events: readonly HubMachineEvent[],
  now: { at: number; state: MachineState },
): (MachineState | undefined)[] {
  const stretches: Stretch[] = events
    .flatMap((event) => {
      const state = stateAfter(event);
      return state ? [{ from: Date.parse(event.at), state }] : [];
    })
    .toReversed();
  stretches.push({ from: now.at, state: now.state });
  const start = now.at - BLOCKS * BLOCK_MS;
  return Array.from({ length: BLOCKS }, (_, index) =>
    mostIn(stretches, start + index * BLOCK_MS, start + (index + 1) * BLOCK_MS),
  );
}

function mostIn(stretches: readonly Stretch[], from: number, to: number): MachineState | undefined {
  const during = stretches.filter((one, index) => one.from < to && (stretches[index + 1]?.from ?? to) > from);
  return during
    .map(({ state }) => state)
    .reduce<MachineState | undefined>((most, one) => (most && HEIGHT[most] >= HEIGHT[one] ? most : one), undefined);
}
