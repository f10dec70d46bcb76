import { Link } from "react-router";
import type { HubMachine } from "../../../src/contract/hub.ts";
import { moment, shortAge, spokenAge } from "../lib/format.ts";
import { useNow } from "../lib/use-now.ts";
import { MachineStateIcon, saysOf, stateOf, wordOf } from "./machine-state.tsx";
import { totalsWord } from "./totals.ts";
import classes from "./machine-card.module.css";

const whose = ({ is_mine: isMine, owner, metadata: { version } }: HubMachine): string => {
  if (!isMine) return `shared by ${owner}`;
  return version ? `v${version}` : "version unknown";
};

/** One machine: who it is, what it does, and how long. Offline ones stay in their place. */
export function MachineCard({ machine, isOpen }: { machine: HubMachine; isOpen: boolean }) {
  const now = useNow();
  const state = stateOf(machine);
  const { hostname, project, platform, orchestration } = machine.metadata;
  const since = state === "offline" ? machine.last_seen : (machine.metadata.last_activity ?? machine.last_seen);
  const says = state === "offline" ? `last seen ${moment(machine.last_seen, now)}` : saysOf(state);
  return (
    <Link
      to={`/dashboard/${machine.id}`}
      className={classes.card}
      data-state={state}
      aria-current={isOpen || undefined}
    >
      <span className={classes.head}>
        <MachineStateIcon state={state} />
        <b className="mono cut" title={hostname}>
          {hostname}
        </b>
        <span className={state === "busy" || state === "active" ? "t-run" : "dim3"}>{wordOf(state)}</span>
      </span>
      <span className={classes.says}>
        {says}
        {orchestration && <span className="num"> · {totalsWord(orchestration)}</span>}
      </span>
      <span className={classes.line}>
        <span className="cut" title={project}>
          {project || "no project"}
        </span>
        <span>{platform ?? ""}</span>
      </span>
      <span className={classes.line}>
        <span className="cut">{whose(machine)}</span>
        <span className="num" title={spokenAge(since, now)}>
          {shortAge(since, now)}
        </span>
      </span>
    </Link>
  );
}
