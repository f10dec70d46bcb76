import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import type { OrchestrationChange } from "../../../src/contract/orchestration.ts";
import { globalQuery, readWorkspace, recentQuery, workspacesQuery } from "../api/orchestration.ts";
import { Button } from "../components/button.tsx";
import { PlusIcon } from "../components/icons.tsx";
import { ConflictNotice } from "../components/orchestration/conflict-notice.tsx";
import { PauseAllButton, PauseAllNotice, usePauseAll } from "../components/orchestration/pause-all.tsx";
import { Totals } from "../components/orchestration/totals.tsx";
import { useWishes } from "../components/orchestration/use-wishes.ts";
import { WorkspaceList } from "../components/orchestration/workspace-list.tsx";
import { say } from "../lib/say.ts";
import { useTitle } from "../lib/use-title.ts";
import classes from "./orchestration-page.module.css";

const MOST_BEFORE_KNOWN = 20;

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
  const { rows, isPending, global, recent, histories, most } = useOrchestration();
  const { wishes, conflict, want, forgetConflict } = useWishes();
  const pauseAll = usePauseAll();
  const refresh = () => client.invalidateQueries({ queryKey: ["orchestration"] });

  return (
    <main className={classes.page}>
      <header className={classes.head}>
        <h1>Orchestration</h1>
        <span className="dim">how many runs each workspace may and should have</span>
        <span className="grow" />
        <PauseAllButton global={global} pauseAll={pauseAll} />
        <AddWorkspace onAdded={refresh} />
      </header>
      <PauseAllNotice global={global} pauseAll={pauseAll} />
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
      <WorkspaceList
        rows={rows}
        isPending={isPending}
        histories={histories}
        most={most}
        wishes={wishes}
        want={want}
        refresh={refresh}
      />
      <Keys />
    </main>
  );
}

const isWish = ({ kind }: OrchestrationChange): boolean => kind === "desired" || kind === "released";

const Keys = () => (
  <p className={classes.keys}>
    In the history the solid line is running, the dotted one desired. <kbd>J</kbd> <kbd>K</kbd> choose a workspace,{" "}
    <kbd>+</kbd> <kbd>−</kbd> change it, <kbd>P</kbd> pauses it, <kbd>T</kbd> is for its template.
  </p>
);

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
