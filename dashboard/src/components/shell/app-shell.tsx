import { useHotkeys } from "@mantine/hooks";
import { type ReactNode, Suspense, lazy, useState } from "react";
import { useLocation, useMatch, useNavigate } from "react-router";
import { useKeys } from "../../lib/keys.ts";
import { setPanes, usePanes } from "../../lib/panes.ts";
import { useSaid } from "../../lib/say.ts";
import { useLayout } from "../../lib/use-layout.ts";
import { useSchemeSwitch } from "../../lib/use-scheme-switch.ts";
import { ListRail } from "../list/list-rail.tsx";
import { SessionList } from "../list/session-list.tsx";
import { useListKeys } from "../list/use-list-keys.ts";
import { useSessionLists } from "../list/use-session-lists.ts";
import { SideDrawer } from "../side-drawer.tsx";
import { LoadingLine } from "./loading-line.tsx";
import { PAGES } from "./pages.ts";
import { PhoneTabs } from "./phone-tabs.tsx";
import { StatusLine } from "./status-line.tsx";
import { TopBar } from "./top-bar.tsx";
import classes from "./app-shell.module.css";

const CommandPalette = lazy(() => import("./command-palette.tsx").then((file) => ({ default: file.CommandPalette })));
const HelpDialog = lazy(() => import("./help-dialog.tsx").then((file) => ({ default: file.HelpDialog })));

function useShellKeys(open: { palette: () => void; help: () => void }): void {
  const navigate = useNavigate();
  const location = useLocation();
  const { listBeside } = useLayout();
  const panes = usePanes();
  const switchScheme = useSchemeSwitch();
  useHotkeys([["mod+K", open.palette]], []);
  useKeys({
    n: () => void navigate("/new", { state: { background: location } }),
    "g s": () => void navigate("/"),
    "g c": () => void navigate("/schedules"),
    "g t": () => void navigate("/templates"),
    "g b": () => void navigate("/subscriptions"),
    "g o": () => void navigate("/orchestration"),
    "/": () => {
      // The drawer gives the focus to its first field, which is the search.
      if (listBeside && !panes.listShut) document.querySelector<HTMLInputElement>("[data-session-search]")?.focus();
      else setPanes(listBeside ? { listShut: false } : { listDrawer: true });
    },
    "[": () => setPanes(listBeside ? { listShut: !panes.listShut } : { listDrawer: !panes.listDrawer }),
    ".": switchScheme,
    "?": open.help,
  });
}

function Said() {
  const said = useSaid();
  return (
    <div className={classes.said} role="status" data-on={said !== "" || undefined}>
      {said}
    </div>
  );
}

interface Place {
  phone: boolean;
  listBeside: boolean;
  onSession: boolean;
  /** The page has no list of sessions beside it. */
  alone: boolean;
  /** On a phone the list is the page, until a session is opened. */
  listIsPage: boolean;
}

function usePlace(): Place {
  const { phone, listBeside } = useLayout();
  const { pathname } = useLocation();
  const { isEmpty } = useSessionLists();
  const onSession = useMatch("/sessions/:id") !== null;
  const alone = PAGES.some(({ path }) => path === pathname) && (listBeside || phone);
  return {
    phone,
    listBeside,
    onSession,
    alone,
    listIsPage: phone && !isEmpty && (pathname === "/" || pathname === "/new"),
  };
}

/** The list, wherever there is room for it: beside, as a strip, as the page, or in a drawer. */
function ListPlace({ phone, listBeside, onSession, listIsPage }: Place) {
  const panes = usePanes();
  const wide = new URLSearchParams(useLocation().search).has("wide") && onSession;
  if (listIsPage) return <SessionList />;
  if (listBeside && panes.listShut) return null;
  if (listBeside) return wide ? <ListRail /> : <SessionList />;
  if (phone && !onSession) return null;
  return (
    <SideDrawer side="left" title="Sessions" opened={panes.listDrawer} onClose={() => setPanes({ listDrawer: false })}>
      <SessionList />
    </SideDrawer>
  );
}

/** Header, list, page, status line: what stays while the page changes. */
export function AppShell({ children }: { children: ReactNode }) {
  const [dialog, setDialog] = useState<"palette" | "help">();
  const close = () => setDialog(undefined);
  const showPalette = () => setDialog("palette");
  const showHelp = () => setDialog("help");
  const place = usePlace();
  const { phone, onSession } = place;
  useShellKeys({ palette: showPalette, help: showHelp });
  useListKeys();
  return (
    <div className={classes.app}>
      {!(phone && onSession) && <TopBar onSearch={showPalette} />}
      <LoadingLine />
      <div className={classes.body}>
        {!place.alone && <ListPlace {...place} />}
        <div className={classes.page} hidden={place.listIsPage}>
          {children}
        </div>
      </div>
      {!phone && <StatusLine onHelp={showHelp} />}
      {phone && !onSession && <PhoneTabs onMore={showPalette} />}
      <Said />
      <Suspense>
        {dialog === "palette" && <CommandPalette onClose={close} />}
        {dialog === "help" && <HelpDialog onClose={close} />}
      </Suspense>
    </div>
  );
}
