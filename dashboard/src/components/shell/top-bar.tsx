import { Link, useLocation, useNavigate } from "react-router";
import { setPanes, usePanes } from "../../lib/panes.ts";
import { useLayout } from "../../lib/use-layout.ts";
import { Button } from "../button.tsx";
import { MarkIcon, PanelIcon, PlusIcon, SearchIcon } from "../icons.tsx";
import { useSessionLists } from "../list/use-session-lists.ts";
import { FleetLine } from "./fleet-line.tsx";
import { SchemeButton } from "./scheme-button.tsx";
import classes from "./top-bar.module.css";

const ORCHESTRATION = "/orchestration";

function toggleSearch(search: boolean): void {
  setPanes({ search });
  if (search) requestAnimationFrame(() => document.querySelector<HTMLInputElement>("[data-session-search]")?.focus());
}

function PhoneBar() {
  const { search } = usePanes();
  const location = useLocation();
  const onList = location.pathname !== ORCHESTRATION;
  return (
    <>
      <header className={classes.phone}>
        <MarkIcon size={16} className="t-run" />
        {onList ? (
          <h1 className={classes.phoneTitle}>Sessions</h1>
        ) : (
          <b className={classes.phoneTitle}>claude-orchestrator</b>
        )}
        <span className="grow" />
        {onList && (
          <Button look="quiet" square aria-label="Search" aria-pressed={search} onClick={() => toggleSearch(!search)}>
            <SearchIcon size={18} />
          </Button>
        )}
        <Link to="/new" state={{ background: location }} className={classes.tap} aria-label="New session">
          <PlusIcon size={20} />
        </Link>
      </header>
      <FleetLine />
    </>
  );
}

export function TopBar({ onSearch }: { onSearch: () => void }) {
  const { phone, listBeside } = useLayout();
  const navigate = useNavigate();
  const location = useLocation();
  const { needs } = useSessionLists();
  if (phone) return <PhoneBar />;
  return (
    <header className={classes.top}>
      {!listBeside && (
        <Button look="quiet" square aria-label="Show the list" onClick={() => setPanes({ listDrawer: true })}>
          <PanelIcon />
        </Button>
      )}
      <Link to="/" className={classes.brand}>
        <MarkIcon /> claude-orchestrator
      </Link>
      <nav className={classes.nav} aria-label="Main">
        <Link
          to="/"
          className={classes.navLink}
          aria-current={location.pathname === ORCHESTRATION ? undefined : "page"}
        >
          Sessions
          {needs > 0 && (
            <b className="num">
              {needs}
              <span className="hidden-text"> need you</span>
            </b>
          )}
        </Link>
        <Link
          to={ORCHESTRATION}
          className={classes.navLink}
          aria-current={location.pathname === ORCHESTRATION ? "page" : undefined}
        >
          Orchestration
        </Link>
      </nav>
      <span className="grow" />
      <button type="button" className={classes.find} onClick={onSearch}>
        <SearchIcon /> <span className="cut">Search or run</span> <kbd>Ctrl K</kbd>
      </button>
      <Button onClick={() => void navigate("/new", { state: { background: location } })}>
        <PlusIcon size={12} className="t-run" /> New session <kbd>N</kbd>
      </Button>
      <SchemeButton />
    </header>
  );
}
