import { useSyncExternalStore } from "react";
import { stored } from "./stored.ts";

/** Which panes are put away or drawn out. `list` and `aside` mean the drawer where there is no room beside the page. */
export interface Panes {
  listShut: boolean;
  asideShut: boolean;
  listDrawer: boolean;
  asideDrawer: boolean;
  /** The search over the list, on a phone. */
  search: boolean;
}

let panes: Panes = {
  listShut: stored.get("list-shut") === "1",
  asideShut: stored.get("aside-shut") === "1",
  listDrawer: false,
  asideDrawer: false,
  search: false,
};
const listeners = new Set<() => void>();

export function setPanes(change: Partial<Panes>): void {
  panes = { ...panes, ...change };
  stored.set("list-shut", panes.listShut ? "1" : null);
  stored.set("aside-shut", panes.asideShut ? "1" : null);
  for (const tell of listeners) tell();
}

export function usePanes(): Panes {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => panes,
  );
}
