import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { GlobalCounts } from "../../../../src/contract/orchestration.ts";
import { globalQuery, pauseEverything } from "../../api/orchestration.ts";
import { fullTime } from "../../lib/format.ts";
import { Button } from "../button.tsx";
import { PauseIcon, PlayIcon } from "../icons.tsx";
import classes from "./notice.module.css";

/** Writes whether anything may begin in the whole installation. */
export function usePauseAll() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: pauseEverything,
    onSuccess: (global) => client.setQueryData(globalQuery.queryKey, global),
    onSettled: () => client.invalidateQueries({ queryKey: ["orchestration"] }),
  });
}

interface PauseAllProps {
  global: GlobalCounts | undefined;
  pauseAll: ReturnType<typeof usePauseAll>;
}

/** While everything is paused the way back stands in the notice. */
export const PauseAllButton = ({ global, pauseAll }: PauseAllProps) =>
  global?.paused === false && (
    <Button
      title="Nothing new starts in any workspace; what is on goes on to its end"
      disabled={pauseAll.isPending}
      onClick={() => pauseAll.mutate(true)}
    >
      <PauseIcon size={12} /> Pause all
    </Button>
  );

/** Says that everything is paused, by whom and what that means; or why it could not be changed. */
export function PauseAllNotice({ global, pauseAll }: PauseAllProps) {
  return (
    <>
      <div role="status">
        {global?.paused && (
          <div className={classes.notice}>
            <PauseIcon size={14} className="t-need" />
            <p>
              <b>Everything is paused</b>
              {global.pausedBy && ` by ${global.pausedBy}`}
              {global.pausedAt && `, ${fullTime(global.pausedAt)}`}. Nothing new starts in any workspace; what is on
              goes on to its end.
            </p>
            <Button look="filled" disabled={pauseAll.isPending} onClick={() => pauseAll.mutate(false)}>
              <PlayIcon size={12} /> Resume all
            </Button>
          </div>
        )}
      </div>
      {pauseAll.error && (
        <p className="t-fail sm" role="alert">
          Not {pauseAll.variables ? "paused" : "resumed"}: {pauseAll.error.message}
        </p>
      )}
    </>
  );
}
