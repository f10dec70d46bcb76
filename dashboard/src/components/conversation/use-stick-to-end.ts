import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 48;

/** Keeps a scroller at its end while it grows, until the reader scrolls up; `leftAt` is how far it had come then. */
export function useStickToEnd(scroller: RefObject<HTMLElement | null>, newest: string) {
  const [leftAt, setLeftAt] = useState<string>();
  const latest = useRef(newest);
  const stuck = useRef(true);
  useEffect(() => {
    latest.current = newest;
  }, [newest]);
  const toEnd = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    stuck.current = true;
    setLeftAt(undefined);
    element.scrollTop = element.scrollHeight;
  }, [scroller]);
  useLayoutEffect(() => {
    if (scroller.current) scroller.current.scrollTop = scroller.current.scrollHeight;
  }, [scroller]);
  useEffect(() => {
    const element = scroller.current;
    const content = element?.firstElementChild;
    if (!element || !content) return;
    const onScroll = () => {
      stuck.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
      setLeftAt((before) => (stuck.current ? undefined : (before ?? latest.current)));
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
  return { leftAt, toEnd };
}
