import { useSyncExternalStore } from "react";

const SHOWN_MS = 2_500;
let said = "";
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

function set(text: string): void {
  said = text;
  for (const tell of listeners) tell();
}

/** A word of confirmation for a moment, such as "Copied the branch". Never for what must be read. */
export function say(text: string): void {
  clearTimeout(timer);
  set(text);
  timer = setTimeout(() => set(""), SHOWN_MS);
}

export function useSaid(): string {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => said,
  );
}
