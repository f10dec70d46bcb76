import { lazy, Suspense, useState } from "react";
import type { OrchestrationChange } from "../../../../src/contract/orchestration.ts";
import { pauseWorkspace } from "../../api/orchestration.ts";
import { say } from "../../lib/say.ts";
import { useNow } from "../../lib/use-now.ts";
import { type RowKeys, useRowKeys } from "./use-row-keys.ts";
import { RowHeads, WorkspaceRow } from "./workspace-row.tsx";
import classes from "./workspace-list.module.css";

const TemplateDialog = lazy(() => import("./template-dialog.tsx").then((file) => ({ default: file.TemplateDialog })));

interface ListProps extends Pick<RowKeys, "rows" | "wishes" | "most" | "want"> {
  isPending: boolean;
  /** Changes of each workspace, oldest first. */
  histories: ReadonlyMap<string | null, OrchestrationChange[]>;
  refresh: () => unknown;
}

/** All workspaces, of which one is chosen for the keys. */
export function WorkspaceList({ rows, isPending, histories, wishes, most, want, refresh }: ListProps) {
  const now = useNow();
  const [chosen, setChosen] = useState<string>();
  const [filling, setFilling] = useState<string>();
  const pause = (id: string, paused: boolean) =>
    void pauseWorkspace(id, paused).then(refresh, (error: Error) => say(error.message));
  useRowKeys({ rows, chosen, setChosen, wishes, most, want, pause, fill: setFilling });
  const filled = rows.find(({ workspace_id: id }) => id === filling);
  return (
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
            onTemplate={() => {
              setChosen(row.workspace_id);
              setFilling(row.workspace_id);
            }}
          />
        ))}
        {rows.length === 0 && !isPending && (
          <li className={classes.empty}>No workspace is known yet. One appears with its first run, or add one here.</li>
        )}
      </ul>
      <Suspense>{filled && <TemplateDialog row={filled} onClose={() => setFilling(undefined)} />}</Suspense>
    </div>
  );
}
