import { lazy, Suspense } from "react";
import type { Session } from "../../../../src/contract/session.ts";
import { FactsTab } from "../aside/facts-tab.tsx";
import { ToolsTab } from "../aside/tools-tab.tsx";
import { panelId, tabId } from "./session-tabs.tsx";
import type { Tab } from "./use-session-view.ts";
import classes from "./session-pane.module.css";

const ChangesTab = lazy(() => import("../aside/changes-tab.tsx").then((file) => ({ default: file.ChangesTab })));

/** What belongs to the chosen tab. */
export function SessionPane({ session, tab, wide }: { session: Session; tab: Tab; wide: boolean }) {
  return (
    <div
      className={classes.pane}
      role="tabpanel"
      id={panelId(tab)}
      aria-labelledby={tabId(tab)}
      data-wide={wide || undefined}
    >
      {tab === "changes" && (
        <Suspense>
          <ChangesTab session={session} />
        </Suspense>
      )}
      {tab === "tools" && <ToolsTab session={session} />}
      {tab === "facts" && <FactsTab session={session} />}
    </div>
  );
}
