import type { KeyboardEvent, ReactNode } from "react";
import type { Session } from "../../../../src/contract/session.ts";
import { Button } from "../button.tsx";
import { WideIcon } from "../icons.tsx";
import type { SessionView, Tab } from "./use-session-view.ts";
import { useTabCounts } from "./use-tab-counts.ts";
import classes from "./session-tabs.module.css";

const TITLES: Record<Tab, string> = { talk: "Conversation", changes: "Changes", tools: "Tools", facts: "Facts" };

export const tabId = (tab: Tab) => `tab-${tab}`;
export const panelId = (tab: Tab) => `panel-${tab}`;

/** The parts of a session by name. Arrow keys move between them, as everywhere with tabs. */
export function SessionTabs({
  session,
  view,
  children,
}: {
  session: Session;
  view: SessionView;
  children?: ReactNode;
}) {
  const counts = useTabCounts(session.sessionId);
  const move = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const next = by && view.tabs[(view.tabs.indexOf(view.tab) + by + view.tabs.length) % view.tabs.length];
    if (!next) return;
    view.setTab(next);
    document.querySelector<HTMLElement>(`#${tabId(next)}`)?.focus();
  };
  return (
    <div className={classes.bar} data-phone={view.phone || undefined}>
      <div className={classes.tabs} role="tablist" aria-label="Parts of the session">
        {view.tabs.map((tab) => (
          <button
            key={tab}
            type="button"
            role="tab"
            id={tabId(tab)}
            aria-controls={panelId(tab)}
            aria-selected={tab === view.tab}
            tabIndex={tab === view.tab ? 0 : -1}
            className={classes.tab}
            onClick={() => view.setTab(tab)}
            onKeyDown={move}
          >
            {view.phone && tab === "talk" ? "Talk" : TITLES[tab]}
            {counts[tab] && <span className={classes.count}>{counts[tab]}</span>}
          </button>
        ))}
      </div>
      {!view.phone && (
        <Button
          look="quiet"
          size="small"
          square
          aria-pressed={view.wide}
          aria-label="Full width"
          title="Full width ( \ )"
          onClick={view.toggleWide}
        >
          <WideIcon size={13} />
        </Button>
      )}
      {children}
    </div>
  );
}
