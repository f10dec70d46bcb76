import type { OrchestrationRow } from "../../../../src/contract/orchestration.ts";
import { useKeys } from "../../lib/keys.ts";

const limitOf = (row: OrchestrationRow): number | null => (row.limited ? row.desired : null);

export interface RowKeys {
  rows: readonly OrchestrationRow[];
  chosen: string | undefined;
  setChosen: (id: string) => void;
  wishes: Readonly<Record<string, number | null>>;
  most: number;
  want: (row: OrchestrationRow, desired: number | null) => void;
  pause: (id: string, paused: boolean) => void;
  fill: (id: string) => void;
}

/** Keys that act on the chosen workspace. */
export function useRowKeys({ rows, chosen, setChosen, wishes, most, want, pause, fill }: RowKeys): void {
  const at = rows.findIndex(({ workspace_id: id }) => id === chosen);
  const row = rows[at];
  const go = (by: number) => {
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next) setChosen(next.workspace_id);
  };
  const step = (by: number) => {
    if (!row) return;
    const wish = wishes[row.workspace_id];
    const desired = (wish === undefined ? limitOf(row) : wish) ?? 0;
    want(row, Math.min(most, Math.max(0, desired + by)));
  };
  useKeys({
    j: () => go(1),
    k: () => go(-1),
    "+": () => step(1),
    "=": () => step(1),
    "-": () => step(-1),
    p: () => row && pause(row.workspace_id, !row.paused),
    t: () => row && fill(row.workspace_id),
  });
}
