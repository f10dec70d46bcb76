import { type RefObject, useLayoutEffect, useRef } from "react";

/**
 * Keeps what is read where it is while earlier entries come in above it. Call `hold` before they are asked for; `first`
 * names the first entry.
 */
export function useKeptPlace(scroller: RefObject<HTMLElement | null>, first: string | undefined) {
  const fromEnd = useRef<number>(undefined);
  const shown = useRef(first);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (shown.current === first) return;
    shown.current = first;
    if (!element || fromEnd.current === undefined) return;
    element.scrollTop = element.scrollHeight - fromEnd.current;
    fromEnd.current = undefined;
  }, [scroller, first]);
  return {
    hold(): void {
      const element = scroller.current;
      if (element) fromEnd.current = element.scrollHeight - element.scrollTop;
    },
  };
}
