import { Link, useLocation } from "react-router";
import { MoreIcon, RunningIcon, TerminalIcon } from "../icons.tsx";
import classes from "./phone-tabs.module.css";

/** The bar at the foot of a phone: the pages there are, and everything else under More. */
export function PhoneTabs({ onMore }: { onMore: () => void }) {
  const onOrchestration = useLocation().pathname === "/orchestration";
  return (
    <nav className={classes.tabs} aria-label="Main">
      <Link to="/" aria-current={onOrchestration ? undefined : "page"}>
        <TerminalIcon size={18} />
        Sessions
      </Link>
      <Link to="/orchestration" aria-current={onOrchestration ? "page" : undefined}>
        <RunningIcon size={18} />
        Orchestration
      </Link>
      <button type="button" onClick={onMore}>
        <MoreIcon size={18} />
        More
      </button>
    </nav>
  );
}
