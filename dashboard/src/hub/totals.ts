import type { HubMachine } from "../../../src/contract/hub.ts";
import { count } from "../lib/format.ts";

type Totals = NonNullable<HubMachine["metadata"]["orchestration"]>;

/** What one's own machines run and should run, of those that are connected and say so; undefined when none does. */
export function totalsOf(machines: readonly HubMachine[]): Totals | undefined {
  const said = machines.flatMap(({ is_mine: isMine, metadata }) => (isMine ? (metadata.orchestration ?? []) : []));
  if (said.length === 0) return undefined;
  return {
    running: said.reduce((sum, { running }) => sum + running, 0),
    desired: said.reduce((sum, { desired }) => sum + desired, 0),
  };
}

export const totalsWord = ({ running, desired }: Totals): string =>
  `${count(running)} running, ${count(desired)} desired`;
