import { Link, useLocation, useNavigate } from "react-router";
import { setPanes, usePanes } from "../../lib/panes.ts";
import { useLayout } from "../../lib/use-layout.ts";
import { Button } from "../button.tsx";
import { MarkIcon, PanelIcon, PlusIcon, SearchIcon } from "../icons.tsx";
import { useSessionLists } from "../list/use-session-lists.ts";
import { FleetLine } from "./fleet-line.tsx";
import { PAGES } from "./pages.ts";
import { SchemeButton } from "./scheme-button.tsx";
import classes from "./top-bar.module.css";

function toggleSearch(search: boolean): void {
  setPanes({ search });
  if (search) requestAnimationFrame(() => document.querySelector<HTMLInputElement>("[data-session-search]")?.focus());
}

function PhoneBar() {
  const { search } = usePanes();
  const location = useLocation();
  const onList = PAGES.every(({ path }) => path !== location.pathname);
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
  const page = PAGES.find(({ path }) => path === location.pathname);
  return (
    <header className={classes.top}>
      {!listBeside && (
        <Button look="quiet" square aria-label="Show the list" onClick={() => setPanes({ listDrawer: true })}>
          <PanelIcon />
        </Button>
      )}
      <Link to="/" className={classes.brand}>
        <MarkIcon /> <span>claude-orchestrator</span>
      </Link>
      <nav className={classes.nav} aria-label="Main">
        <Link to="/" className={classes.navLink} aria-current={page ? undefined : "page"}>
          Sessions
          {needs > 0 && (
            <b className="num">
              {needs}
              <span className="hidden-text"> need you</span>
            </b>
          )}
        </Link>
        {PAGES.map(({ path, name }) => (
          <Link
            key={path}
            to={path}
            className={classes.navLink}
            aria-current={path === page?.path ? "page" : undefined}
          >
            {name}
          </Link>
        ))}
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
