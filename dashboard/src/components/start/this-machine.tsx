import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { SystemStatus } from "../../../../src/contract/system.ts";
import { statusQuery, versionQuery } from "../../api/system.ts";
import { duration } from "../../lib/format.ts";
import { useLayout } from "../../lib/use-layout.ts";
import { DoneIcon, FailedIcon, RingIcon } from "../icons.tsx";
import classes from "./first-start.module.css";

type State = "good" | "bad" | "open";
const ICONS = {
  good: <DoneIcon size={13} className="t-run" />,
  bad: <FailedIcon size={13} className="t-fail" />,
  open: <RingIcon size={13} className="t-wait" />,
};

function Check({ state, name, children }: { state: State; name: string; children: ReactNode }) {
  return (
    <li>
      {ICONS[state]}
      <div>
        <b>{name}</b>
        <br />
        <span className="sm dim">{children}</span>
      </div>
    </li>
  );
}

const CLAUDE: Record<SystemStatus["claude"]["state"], { state: State; words: string }> = {
  tested: { state: "good", words: "tested with this version" },
  untested: { state: "open", words: "newer than what was tested" },
  unsupported: { state: "bad", words: "too old, update it" },
  missing: { state: "bad", words: "not found: install it or set CLAUDE_COMMAND" },
};

/** What this installation has to work with. */
export function ThisMachine() {
  const { data: status } = useQuery(statusQuery);
  const { data: version } = useQuery(versionQuery);
  const { asideBeside } = useLayout();
  if (!asideBeside || !status) return null;
  const { claude, slots, defaults } = status;
  const open = status.signIn === "none";
  const roots = status.projectRoots.join(", ");
  return (
    <aside className={classes.machine} aria-label="This machine">
      <div className={classes.machineHead}>
        <b>This machine</b>
        <code className="xs dim right">claude-orchestrator doctor</code>
      </div>
      <ul className={classes.checks}>
        <Check state={CLAUDE[claude.state].state} name={`Claude Code ${claude.version ?? ""}`}>
          {CLAUDE[claude.state].words}
        </Check>
        {version && (
          <Check state="good" name="Database">
            {version.database.kind} PostgreSQL {version.database.version}
          </Check>
        )}
        <Check state="good" name="Address">
          {location.host}
          {open ? ", this computer only" : ", with a key"}
        </Check>
        <Check state="good" name="Room for runs">
          {slots.total} at once, {duration(defaults.timeoutSeconds * 1_000)} each at most
        </Check>
        <Check state="good" name="Permissions">
          <code>{defaults.permissionMode}</code> unless a session says otherwise
        </Check>
        <Check state={roots || open ? "good" : "open"} name="Folders">
          {roots || (open ? "any folder of this computer" : "none: set PROJECT_ROOTS")}
        </Check>
      </ul>
      <p className={classes.demo}>
        No account at hand? <code>npm run demo</code> plays sessions with a scripted model.
      </p>
    </aside>
  );
}
