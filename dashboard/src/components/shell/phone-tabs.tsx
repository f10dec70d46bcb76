import { Link } from "react-router";
import { MoreIcon, TerminalIcon } from "../icons.tsx";
import classes from "./phone-tabs.module.css";

/** The bar at the foot of a phone: the pages there are, and everything else under More. */
export function PhoneTabs({ onMore }: { onMore: () => void }) {
  return (
    <nav className={classes.tabs} aria-label="Main">
      <Link to="/" aria-current="page">
        <TerminalIcon size={18} />
        Sessions
      </Link>
      <button type="button" onClick={onMore}>
        <MoreIcon size={18} />
        More
      </button>
    </nav>
  );
}
