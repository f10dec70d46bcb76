import { useClipboard } from "@mantine/hooks";
import type { Session } from "../../../../src/contract/session.ts";
import { useKeys } from "../../lib/keys.ts";
import { setPanes, usePanes } from "../../lib/panes.ts";
import { say } from "../../lib/say.ts";
import type { SessionView } from "./use-session-view.ts";

/** The keys of a session's page; those of its composer and its Stop button are with them. */
export function useSessionKeys(session: Session, view: SessionView): void {
  const panes = usePanes();
  const { copy } = useClipboard();
  const copyIt = (what: string, text: string | null) => {
    if (text === null) return say(`There is no ${what} yet`);
    copy(text);
    say(`Copied the ${what}`);
  };
  const tab = (index: number) => () => {
    const next = view.tabs[index];
    if (!next) return;
    view.setTab(next);
    if (!view.single) setPanes(view.asideBeside ? { asideShut: false } : { asideDrawer: true });
  };
  useKeys({
    1: tab(0),
    2: tab(1),
    3: tab(2),
    4: tab(3),
    "\\": view.toggleWide,
    "]": () => setPanes(view.asideBeside ? { asideShut: !panes.asideShut } : { asideDrawer: !panes.asideDrawer }),
    "y r": () => copyIt("resume command", session.resumeCommand),
    "y l": () => copyIt("link", new URL(location.pathname, location.origin).href),
    "y p": () => copyIt("workspace path", session.workspacePath),
    "y b": () => copyIt("branch", session.workBranch ?? session.branch),
  });
}
