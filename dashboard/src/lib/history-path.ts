import type { OrchestrationChange } from "../../../src/contract/orchestration.ts";

const HOUR_MS = 3_600_000;

interface Frame {
  now: number;
  hours: number;
  width: number;
  height: number;
  /** The value at the top. */
  most: number;
}

type Point = Pick<OrchestrationChange, "at" | "running" | "desired">;

/** A line in steps from the beginning of the hours to now; `changes` are oldest first, `last` is the value of now. */
export function historyPath(
  changes: readonly Point[],
  field: "running" | "desired",
  last: number,
  { now, hours, width, height, most }: Frame,
): string {
  const begin = now - hours * HOUR_MS;
  const x = (at: number) => Math.min(width, Math.max(0, ((at - begin) / (now - begin)) * width)).toFixed(1);
  // Half a unit at either edge, or the line would be cut off.
  const y = (value: number) => (height - 1 - (value / Math.max(1, most)) * (height - 2)).toFixed(1);
  const steps = changes.map((change) => `H${x(Date.parse(change.at))}V${y(change[field])}`);
  const first = changes[0]?.[field] ?? last;
  return `M0 ${y(first)}${steps.join("")}H${width}${last === (changes.at(-1)?.[field] ?? last) ? "" : `V${y(last)}`}`;
}
