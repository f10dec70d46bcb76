import { lazy, type RefObject, Suspense, useRef, useState } from "react";
import type { Session } from "../../../../src/contract/session.ts";
import { count } from "../../lib/format.ts";
import { useKeys } from "../../lib/keys.ts";
import type { Item } from "../../lib/timeline.ts";
import { Button } from "../button.tsx";
import { DownIcon } from "../icons.tsx";
import { panelId } from "../session/session-tabs.tsx";
import { Composer } from "./composer.tsx";
import { ItemView } from "./item-view.tsx";
import { PendingMessages } from "./pending-messages.tsx";
import { useConversation } from "./use-conversation.ts";
import { useKeptPlace } from "./use-kept-place.ts";
import { useStickToEnd } from "./use-stick-to-end.ts";
import classes from "./conversation.module.css";

const VirtualItems = lazy(() => import("./virtual-items.tsx").then((file) => ({ default: file.VirtualItems })));

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

interface ItemsProps {
  session: Session;
  told: ReturnType<typeof useConversation>;
  scroller: RefObject<HTMLDivElement | null>;
  atEnd: boolean;
}

/** The items themselves. A conversation that is known to be long stays virtual, so that nothing jumps. */
function Items({ session, told, scroller, atEnd }: ItemsProps) {
  const { items, runs } = told;
  const [isLong, setLong] = useState(false);
  const isLongNow = items.length > VIRTUAL_FROM || (told.earlier !== undefined && items.length > 0);
  if (isLongNow && !isLong) setLong(true);
  if (items.length === 0) return told.isLoading ? <Skeleton /> : <Nothing session={session} error={told.error} />;
  if (!isLong) return items.map((item) => <ItemView key={item.id} item={item} session={session} runs={runs} />);
  return (
    <Suspense>
      <VirtualItems items={items} session={session} runs={runs} scroller={scroller} atEnd={atEnd} />
    </Suspense>
  );
}

const times = (item: Item): string[] => (item.kind === "tools" ? item.logs.map((log) => log.timestamp) : [item.at]);
const newestOf = (items: readonly Item[]): string => items.flatMap(times).toSorted().at(-1) ?? "";
const newerThan = (items: readonly Item[], at: string): number =>
  items.flatMap(times).filter((time) => time > at).length;

/** What was said and done, oldest first, and the box to go on. */
export function Conversation({ session }: { session: Session }) {
  const told = useConversation(session);
  const scroller = useRef<HTMLDivElement>(null);
  const end = useStickToEnd(scroller, newestOf(told.items));
  const missed = end.leftAt === undefined ? 0 : newerThan(told.items, end.leftAt);
  const away = end.leftAt !== undefined;
  const place = useKeptPlace(scroller, told.items[0]?.id);
  useKeys({ "g e": end.toEnd });
  const goBack = () => {
    place.hold();
    void told.earlier?.();
  };
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
                onClick={goBack}
              >
                {told.isLoadingEarlier ? "Loading…" : "Earlier"}
              </Button>
            )}
            <Items session={session} told={told} scroller={scroller} atEnd={!away} />
          </div>
        </div>
        {away && (
          <Button size="small" className={classes.toEnd} onClick={end.toEnd}>
            {missed > 0 ? `${count(missed)} new` : "To the end"} <DownIcon size={10} />
          </Button>
        )}
      </div>
      <PendingMessages messages={told.pending} />
      <Composer session={session} />
    </div>
  );
}
