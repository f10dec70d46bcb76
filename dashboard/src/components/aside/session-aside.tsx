import type { Session } from "../../../../src/contract/session.ts";
import { setPanes } from "../../lib/panes.ts";
import { Button } from "../button.tsx";
import { CloseIcon } from "../icons.tsx";
import { SessionPane } from "../session/session-pane.tsx";
import { SessionTabs } from "../session/session-tabs.tsx";
import type { SessionView } from "../session/use-session-view.ts";
import classes from "./session-aside.module.css";

/** The details beside the conversation: what changed, what was called, the facts. */
export function SessionAside({ session, view }: { session: Session; view: SessionView }) {
  return (
    <aside className={classes.aside} aria-label="Session details">
      <SessionTabs session={session} view={view}>
        {!view.asideBeside && (
          <Button
            look="quiet"
            size="small"
            square
            aria-label="Close the details"
            onClick={() => setPanes({ asideDrawer: false })}
          >
            <CloseIcon size={12} />
          </Button>
        )}
      </SessionTabs>
      <SessionPane session={session} tab={view.tab} wide={false} />
    </aside>
  );
}
