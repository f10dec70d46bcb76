import { useVirtualizer } from "@tanstack/react-virtual";
import { type RefObject, useEffect } from "react";
import type { Run } from "../../../../src/contract/run.ts";
import type { Session } from "../../../../src/contract/session.ts";
import type { Item } from "../../lib/timeline.ts";
import { ItemView } from "./item-view.tsx";

const GUESS_PX = 64;
const GAP_PX = 12;
const OVERSCAN = 8;

interface VirtualItemsProps {
  items: readonly Item[];
  session: Session;
  runs: readonly Run[];
  scroller: RefObject<HTMLDivElement | null>;
  atEnd: boolean;
}

/** A long conversation, of which only the part in view is on the page. Starts at its end, unless the reader was elsewhere. */
export function VirtualItems({ items, session, runs, scroller, atEnd }: VirtualItemsProps) {
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => items[index]?.id ?? index,
    estimateSize: () => GUESS_PX,
    gap: GAP_PX,
    overscan: OVERSCAN,
  });
  useEffect(() => {
    if (atEnd) virtual.scrollToIndex(items.length - 1, { align: "end" });
    // Once, when it appears: from then on it sticks to the end by itself.
    // oxlint-disable-next-line react/exhaustive-deps
  }, []);
  return (
    <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
      {virtual.getVirtualItems().map(({ index, key, start }) => {
        const item = items[index];
        return (
          <div
            key={key}
            ref={virtual.measureElement}
            data-index={index}
            style={{ position: "absolute", top: 0, left: 0, right: 0, transform: `translateY(${start}px)` }}
          >
            {item && <ItemView item={item} session={session} runs={runs} />}
          </div>
        );
      })}
    </div>
  );
}
