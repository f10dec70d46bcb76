import { type ReactNode, Suspense, lazy, useState } from "react";
import { useLocation, useMatch, useNavigate } from "react-router";
import { useMantineColorScheme } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useKeys } from "../../lib/keys.ts";
import { setPanes, usePanes } from "../../lib/panes.ts";
import { useSaid } from "../../lib/say.ts";
import { useLayout } from "../../lib/use-layout.ts";
import { useSessionLists } from "../list/use-session-lists.ts";
import { ListRail } from "../list/list-rail.tsx";
import { SessionList } from "../list/session-list.tsx";
import { SideDrawer } from "../side-drawer.tsx";
import classes from "./app-shell.module.css";
import { LoadingLine } from "./loading-line.tsx";
import { PhoneTabs } from "./phone-tabs.tsx";
import { StatusLine } from "./status-line.tsx";
import { TopBar } from "./top-bar.tsx";

const CommandPalette = lazy(() => import("./command-palette.tsx").then((file) => ({ default: file.CommandPalette })));
const HelpDialog = lazy(() => import("./help-dialog.tsx").then((file) => ({ default: file.HelpDialog })));

/** Switches between light and dark; remembered by Mantine. */
export function useSchemeSwitch(): () => void {
  const { setColorScheme } = useMantineColorScheme();
  return () => setColorScheme(document.documentElement.dataset["mantineColorScheme"] === "dark" ? "light" : "dark");
}

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
    "/": () => {
      if (!listBeside) setPanes({ listDrawer: true });
      requestAnimationFrame(() => document.querySelector<HTMLInputElement>("[data-session-search]")?.focus());
    },
    "[": () => setPanes(listBeside ? { listShut: !panes.listShut } : { listDrawer: !panes.listDrawer }),
    ".": switchScheme,
    "?": open.help,
  });
}

function Said() {
  const said = useSaid();
  return <div className={classes.said} role="status" data-on={said !== "" || undefined}>{said}</div>;
}

/** Header, list, page, status line: what stays while the page changes. */
export function AppShell({ children }: { children: ReactNode }) {
  const [dialog, setDialog] = useState<"palette" | "help">();
  const close = () => setDialog(undefined);
  const { phone, listBeside } = useLayout();
  const panes = usePanes();
  const onSession = useMatch("/sessions/:id") !== null;
  const wide = new URLSearchParams(useLocation().search).has("wide") && onSession;
  const { isEmpty } = useSessionLists();
  useShellKeys({ palette: () => setDialog("palette"), help: () => setDialog("help") });
  const beside = listBeside && !panes.listShut;
  return (
    <div className={classes.app} data-phone={phone || undefined} data-session={onSession || undefined}>
      {!(phone && onSession) && <TopBar onSearch={() => setDialog("palette")} />}
      <LoadingLine />
      <div className={classes.body}>
        {beside && (wide ? <ListRail /> : <SessionList />)}
        {phone && !onSession && !isEmpty ? <SessionList /> : null}
        {!listBeside && (!phone || onSession) && (
          <SideDrawer side="left" title="Sessions" opened={panes.listDrawer} onClose={() => setPanes({ listDrawer: false })}>
            <SessionList />
          </SideDrawer>
        )}
        <div className={classes.page} hidden={phone && !onSession && !isEmpty}>{children}</div>
      </div>
      {!phone && <StatusLine onHelp={() => setDialog("help")} />}
      {phone && !onSession && <PhoneTabs onMore={() => setDialog("palette")} />}
      <Said />
      <Suspense>
        {dialog === "palette" && <CommandPalette onClose={close} />}
        {dialog === "help" && <HelpDialog onClose={close} />}
      </Suspense>
    </div>
  );
}
