import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 48;

/** Keeps a scroller at its end while it grows, until the reader scrolls up; then counts what came since. */
export function useStickToEnd(scroller: RefObject<HTMLElement | null>, count: number) {
  const [away, setAway] = useState(false);
  const seen = useRef(count);
  const stuck = useRef(true);
  const toEnd = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    stuck.current = true;
    setAway(false);
    element.scrollTop = element.scrollHeight;
  }, [scroller]);
  useLayoutEffect(() => {
    if (stuck.current) toEnd();
  }, [count, toEnd]);
  useEffect(() => {
    const element = scroller.current;
    const content = element?.firstElementChild;
    if (!element || !content) return;
    const onScroll = () => {
      stuck.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
      setAway(!stuck.current);
    };
    const grown = new ResizeObserver(() => {
      if (stuck.current) element.scrollTop = element.scrollHeight;
    });
    grown.observe(content);
    grown.observe(element);
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      grown.disconnect();
      element.removeEventListener("scroll", onScroll);
    };
  }, [scroller]);
  if (!away) seen.current = count;
  return { away, missed: Math.max(0, count - seen.current), toEnd };
}
