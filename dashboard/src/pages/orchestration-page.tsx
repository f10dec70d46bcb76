import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import type { OrchestrationChange, OrchestrationRow } from "../../../src/contract/orchestration.ts";
import { globalQuery, pauseWorkspace, readWorkspace, recentQuery, workspacesQuery } from "../api/orchestration.ts";
import { Button } from "../components/button.tsx";
import { PlusIcon } from "../components/icons.tsx";
import { ConflictNotice } from "../components/orchestration/conflict-notice.tsx";
import { Totals } from "../components/orchestration/totals.tsx";
import { useWishes } from "../components/orchestration/use-wishes.ts";
import { RowHeads, WorkspaceRow } from "../components/orchestration/workspace-row.tsx";
import { useKeys } from "../lib/keys.ts";
import { say } from "../lib/say.ts";
import { useNow } from "../lib/use-now.ts";
import { useTitle } from "../lib/use-title.ts";
import classes from "./orchestration-page.module.css";

const MOST_BEFORE_KNOWN = 20;

const limitOf = (row: OrchestrationRow): number | null => (row.limited ? row.desired : null);

/** Changes of each workspace, oldest first. */
function byWorkspace(changes: readonly OrchestrationChange[]): ReadonlyMap<string | null, OrchestrationChange[]> {
  return Map.groupBy(changes, ({ workspaceId }) => workspaceId);
}

/** What the server says, read again and again. */
function useOrchestration() {
  const { data: rows = [], isPending } = useQuery(workspacesQuery);
  const { data: global } = useQuery(globalQuery);
  const { data: recent = [] } = useQuery(recentQuery);
  const histories = useMemo(() => byWorkspace(recent), [recent]);
  return { rows, isPending, global, recent, histories, most: global?.maxDesired ?? MOST_BEFORE_KNOWN };
}

export function OrchestrationPage() {
  useTitle("Orchestration");
  const client = useQueryClient();
  const now = useNow();
  const { rows, isPending, global, recent, histories, most } = useOrchestration();
  const [chosen, setChosen] = useState<string>();
  const { wishes, conflict, want, forgetConflict } = useWishes();

  const refresh = () => client.invalidateQueries({ queryKey: ["orchestration"] });
  const pause = (id: string, paused: boolean) =>
    void pauseWorkspace(id, paused).then(refresh, (error: Error) => say(error.message));
  useRowKeys({ rows, chosen, setChosen, wishes, most, want, pause });

  return (
    <main className={classes.page}>
      <header className={classes.head}>
        <h1>Orchestration</h1>
        <span className="dim">how many runs each workspace may and should have</span>
        <AddWorkspace onAdded={refresh} />
      </header>
      {global && <Totals global={global} last={recent.at(-1)} />}
      {conflict && (
        <ConflictNotice
          conflict={conflict}
          by={histories.get(conflict.id)?.findLast(isWish)}
          onKeep={forgetConflict}
          onSet={() => {
            forgetConflict();
            const row = rows.find(({ workspace_id: id }) => id === conflict.id);
            if (row) want(row, conflict.wanted);
          }}
        />
      )}
      <div className={classes.rows}>
        <RowHeads />
        <ul aria-label="Workspaces">
          {rows.map((row) => (
            <WorkspaceRow
              key={row.workspace_id}
              row={row}
              changes={histories.get(row.workspace_id) ?? []}
              now={now}
              most={most}
              wish={wishes[row.workspace_id]}
              isChosen={row.workspace_id === chosen}
              onDesired={(desired) => {
                setChosen(row.workspace_id);
                want(row, desired);
              }}
              onPaused={(paused) => {
                setChosen(row.workspace_id);
                pause(row.workspace_id, paused);
              }}
            />
          ))}
          {rows.length === 0 && !isPending && <NoWorkspace />}
        </ul>
      </div>
      <Keys />
    </main>
  );
}

const isWish = ({ kind }: OrchestrationChange): boolean => kind === "desired" || kind === "released";

const NoWorkspace = () => (
  <li className={classes.empty}>No workspace is known yet. One appears with its first run, or add one here.</li>
);

const Keys = () => (
  <p className={classes.keys}>
    In the history the solid line is running, the dotted one desired. <kbd>J</kbd> <kbd>K</kbd> choose a workspace,{" "}
    <kbd>+</kbd> <kbd>−</kbd> change it, <kbd>P</kbd> pauses it.
  </p>
);

interface RowKeys {
  rows: readonly OrchestrationRow[];
  chosen: string | undefined;
  setChosen: (id: string) => void;
  wishes: Readonly<Record<string, number | null>>;
  most: number;
  want: (row: OrchestrationRow, desired: number | null) => void;
  pause: (id: string, paused: boolean) => void;
}

function useRowKeys({ rows, chosen, setChosen, wishes, most, want, pause }: RowKeys): void {
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
  });
}

function AddWorkspace({ onAdded }: { onAdded: () => unknown }) {
  const [id, setId] = useState("");
  const add = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await readWorkspace(id.trim());
      setId("");
      onAdded();
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <form className={classes.add} onSubmit={(event) => void add(event)}>
      <input
        aria-label="Workspace to add"
        placeholder="acme/web or /path"
        maxLength={1000}
        value={id}
        onChange={(event) => setId(event.target.value)}
      />
      <Button type="submit" disabled={id.trim() === ""}>
        <PlusIcon size={12} /> Add workspace
      </Button>
    </form>
  );
}
