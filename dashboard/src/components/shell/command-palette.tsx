import { useDebouncedValue } from "@mantine/hooks";
import { createSpotlight, Spotlight, type SpotlightActionData } from "@mantine/spotlight";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { SessionStatus } from "../../../../src/contract/session.ts";
import { apiUrl } from "../../api/base.ts";
import { sessionsQuery } from "../../api/sessions.ts";
import { repoName } from "../../lib/format.ts";
import { sessionState } from "../../lib/session-state.ts";
import "../../styles/mantine-dialog.css";
import "../../styles/mantine-inputs.css";
import "../../styles/mantine-spotlight.css";
import { useSchemeSwitch } from "../../lib/use-scheme-switch.ts";
import { MarkIcon, PlusIcon, SearchIcon, SunIcon, TerminalIcon } from "../icons.tsx";
import { StateIcon } from "../state-icon.tsx";
import { PAGES } from "./pages.ts";
import classes from "./command-palette.module.css";

const [store, palette] = createSpotlight();
const MOST = 8;
const SETTLE_MS = 200;

/** The sessions that match what is typed, asked of the server, so that all of them can be found. */
function useFoundSessions(text: string): SpotlightActionData[] {
  const navigate = useNavigate();
  const [settled] = useDebouncedValue(text.trim(), SETTLE_MS);
  const { data } = useInfiniteQuery({
    ...sessionsQuery({ statuses: SessionStatus.options, q: settled || undefined, limit: MOST }),
    refetchInterval: false,
  });
  return (data?.pages[0]?.items ?? []).map((session) => ({
    id: session.sessionId,
    label: session.title,
    description: [sessionState(session).word, repoName(session)].filter(Boolean).join(" · "),
    leftSection: <StateIcon state={sessionState(session)} />,
    // The server has matched it already, by more than its title.
    keywords: text,
    onClick: () => void navigate(`/sessions/${session.sessionId}`),
  }));
}

/** Every command by name; most have a key of their own. */
function useCommands(): SpotlightActionData[] {
  const navigate = useNavigate();
  const location = useLocation();
  const switchScheme = useSchemeSwitch();
  return [
    {
      id: "new",
      label: "New session",
      leftSection: <PlusIcon />,
      rightSection: <kbd>N</kbd>,
      onClick: () => void navigate("/new", { state: { background: location } }),
    },
    {
      id: "all",
      label: "All sessions",
      leftSection: <MarkIcon />,
      rightSection: (
        <span className={classes.keys}>
          <kbd>G</kbd>
          <kbd>S</kbd>
        </span>
      ),
      onClick: () => void navigate("/"),
    },
    ...PAGES.map(({ path, name, Icon }) => ({
      id: path,
      label: name,
      leftSection: <Icon />,
      onClick: () => void navigate(path),
    })),
    {
      id: "failed",
      label: "Failed sessions",
      leftSection: <SearchIcon />,
      keywords: "is:failed",
      onClick: () => void navigate("/?status=failed"),
    },
    {
      id: "archived",
      label: "Archived sessions",
      leftSection: <SearchIcon />,
      keywords: "is:archived",
      onClick: () => void navigate("/?status=archived"),
    },
    {
      id: "scheme",
      label: "Light or dark",
      leftSection: <SunIcon />,
      rightSection: <kbd>.</kbd>,
      keywords: "theme colour scheme",
      onClick: switchScheme,
    },
    {
      id: "docs",
      label: "API reference",
      leftSection: <TerminalIcon />,
      onClick: () => globalThis.location.assign(apiUrl("/api/docs")),
    },
  ];
}

const LOOK = {
  content: classes.content ?? "",
  search: classes.search ?? "",
  action: classes.action ?? "",
  actionLabel: classes.label ?? "",
  actionDescription: classes.description ?? "",
  actionsGroup: classes.group ?? "",
};

/** Search or run: every command by name, and every session. */
export function CommandPalette({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const sessions = useFoundSessions(text);
  const commands = useCommands();
  useEffect(() => palette.open(), []);
  return (
    <Spotlight
      store={store}
      query={text}
      onQueryChange={setText}
      shortcut={null}
      onSpotlightClose={onClose}
      nothingFound="Nothing found"
      highlightQuery={false}
      scrollable
      maxHeight={420}
      limit={MOST * 2}
      attributes={{ content: { "aria-label": "Search or run" } }}
      overlayProps={{ blur: 0, backgroundOpacity: 0, className: classes.scrim ?? "" }}
      classNames={LOOK}
      searchProps={{
        leftSection: <SearchIcon />,
        placeholder: "Search sessions or run a command",
        "aria-label": "Search or run",
      }}
      actions={[
        { group: "Sessions", actions: sessions },
        { group: "Commands", actions: commands },
      ]}
    />
  );
}
