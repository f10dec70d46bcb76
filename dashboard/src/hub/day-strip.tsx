import { useNow } from "../lib/use-now.ts";
import { halfHours } from "./half-hours.ts";
import type { HubMachineEvent } from "./hub-api.ts";
import { type MachineState, STATES, wordOf } from "./machine-state.tsx";
import classes from "./day-strip.module.css";

const HALF_HOUR_MS = 30 * 60_000;

/** The last 24 hours of a machine, half an hour a block; said in words for those who do not see it. */
export function DayStrip({ events, state }: { events: readonly HubMachineEvent[]; state: MachineState }) {
  // A new block begins each half hour; between, only what happens moves it.
  const at = Math.ceil(useNow() / HALF_HOUR_MS) * HALF_HOUR_MS;
  const blocks = halfHours(events, { at, state });
  const hours = (wanted: MachineState) => blocks.filter((one) => one === wanted).length / 2;
  const words = STATES.filter((one) => hours(one) > 0)
    .map((one) => `${wordOf(one).toLowerCase()} in ${hours(one)} h`)
    .join(", ");
  return (
    <figure className={classes.day}>
      <span className={classes.strip} role="img" aria-label={`Last 24 hours: ${words || "nothing known"}`}>
        {blocks.map((block, index) => (
          // Blocks have no name but their place.
          // oxlint-disable-next-line react/no-array-index-key
          <i key={index} data-state={block} />
        ))}
      </span>
      <figcaption className="xs dim3">Last 24 h, half an hour a block: {words || "nothing known yet"}</figcaption>
    </figure>
  );
}
