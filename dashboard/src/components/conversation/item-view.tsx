import { memo } from "react";
import type { Run } from "../../../../src/contract/run.ts";
import type { Session } from "../../../../src/contract/session.ts";
import type { Item } from "../../lib/timeline.ts";
import { ClockIcon } from "../icons.tsx";
import { ClaudeText, MessageView } from "./message-view.tsx";
import { RunEnd } from "./run-end.tsx";
import { ToolGroup } from "./tool-group.tsx";
import classes from "./item-view.module.css";

/** One item of the conversation, whatever it is. */
export const ItemView = memo(function ItemView({
  item,
  session,
  runs,
}: {
  item: Item;
  session: Session;
  runs: readonly Run[];
}) {
  const numberOf = (runId: string | null) => runs.find((run) => run.runId === runId)?.number;
  switch (item.kind) {
    case "message":
      return <MessageView message={item.message} continued={item.continued} run={numberOf(item.message.runId)} />;
    case "text":
      return (
        <ClaudeText
          text={item.text}
          at={item.at}
          live={item.live}
          continued={item.continued}
          run={numberOf(item.runId)}
        />
      );
    case "tools":
      return <ToolGroup logs={item.logs} workspacePath={session.workspacePath} />;
    case "note":
      return (
        <p className={classes.note} data-tone={item.tone}>
          <ClockIcon size={12} className={`t-${item.tone}`} />
          {item.text}
        </p>
      );
    case "run":
      return <RunEnd run={item.run} session={session} latest={runs.every((run) => run.number <= item.run.number)} />;
  }
});
