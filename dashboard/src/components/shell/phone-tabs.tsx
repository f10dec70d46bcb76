import { Link, useLocation } from "react-router";
import { MoreIcon, TerminalIcon } from "../icons.tsx";
import { PAGES } from "./pages.ts";
import classes from "./phone-tabs.module.css";

/** The bar at the foot of a phone: the pages there are, and everything else under More. */
export function PhoneTabs({ onMore }: { onMore: () => void }) {
  const { pathname } = useLocation();
  const onSessions = PAGES.every(({ path }) => path !== pathname);
  return (
    <nav className={classes.tabs} aria-label="Main">
      <Link to="/" aria-current={onSessions ? "page" : undefined}>
        <TerminalIcon size={18} />
        Sessions
      </Link>
      {PAGES.filter(({ onPhone }) => onPhone).map(({ path, name, Icon }) => (
        <Link key={path} to={path} aria-current={path === pathname ? "page" : undefined}>
          <Icon size={18} />
          {name}
        </Link>
      ))}
      <button type="button" onClick={onMore}>
        <MoreIcon size={18} />
        More
      </button>
    </nav>
  );
}
