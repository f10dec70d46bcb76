import { useRef } from "react";
import type { Session } from "../../../../src/contract/session.ts";
import { count } from "../../lib/format.ts";
import { useKeys } from "../../lib/keys.ts";
import { Button } from "../button.tsx";
import { DownIcon } from "../icons.tsx";
import { panelId } from "../session/session-tabs.tsx";
import { Composer } from "./composer.tsx";
import { ItemView } from "./item-view.tsx";
import { PendingMessages } from "./pending-messages.tsx";
import { useConversation } from "./use-conversation.ts";
import { useStickToEnd } from "./use-stick-to-end.ts";
import { VirtualItems } from "./virtual-items.tsx";
import classes from "./conversation.module.css";

/** Above this many items only those in view are on the page. */
const VIRTUAL_FROM = 200;

function Nothing({ session, error }: { session: Session; error: Error | null }) {
  if (error)
    return (
      <p className={classes.nothing} role="alert">
        <span className="t-fail">The conversation could not be loaded.</span> {error.message}
      </p>
    );
  if (session.status === "created" && !session.waitingFor)
    return <p className={classes.nothing}>Nothing was asked yet. Write the first message below.</p>;
  if (session.status === "created" || session.status === "queued")
    return <p className={classes.nothing}>Waiting for its turn. {session.waitingFor?.text}</p>;
  return (
    <p className={classes.nothing}>
      {session.status === "running"
        ? "Claude has started. Its first words come in a moment."
        : "Nothing was said in this session."}
    </p>
  );
}

function Skeleton() {
  return (
    <div className={classes.skeleton} role="status" aria-label="Loading the conversation">
      <i />
      <i />
      <i />
    </div>
  );
}

/** What was said and done, oldest first, and the box to go on. */
export function Conversation({ session }: { session: Session }) {
  const told = useConversation(session);
  const { items } = told;
  const scroller = useRef<HTMLDivElement>(null);
  const calls = items.reduce((sum, item) => sum + (item.kind === "tools" ? item.logs.length : 1), 0);
  const end = useStickToEnd(scroller, calls);
  useKeys({ "g e": end.toEnd });
  return (
    <div className={classes.conversation} id={panelId("talk")} role="region" aria-label="Conversation">
      <div className={classes.frame}>
        <div
          className={classes.scroller}
          ref={scroller}
          tabIndex={0}
          role="log"
          aria-label="Messages and tool calls"
          aria-live="off"
        >
          <div className={classes.content}>
            {told.earlier && (
              <Button
                look="quiet"
                size="small"
                className={classes.earlier}
                disabled={told.isLoadingEarlier}
                onClick={() => void told.earlier?.()}
              >
                {told.isLoadingEarlier ? "Loading…" : "Earlier"}
              </Button>
            )}
            {told.isLoading && items.length === 0 && <Skeleton />}
            {!told.isLoading && items.length === 0 && <Nothing session={session} error={told.error} />}
            {items.length > VIRTUAL_FROM ? (
              <VirtualItems items={items} session={session} runs={told.runs} scroller={scroller} />
            ) : (
              items.map((item) => <ItemView key={item.id} item={item} session={session} runs={told.runs} />)
            )}
          </div>
        </div>
        {end.away && (
          <Button size="small" className={classes.toEnd} onClick={end.toEnd}>
            {end.missed > 0 ? `${count(end.missed)} new` : "To the end"} <DownIcon size={10} />
          </Button>
        )}
      </div>
      <PendingMessages messages={told.pending} />
      <Composer session={session} />
    </div>
  );
}
