import type { ReactNode } from "react";
import type { Source } from "../../../src/contract/session.ts";

interface IconProps {
  size?: number;
  className?: string;
}

/** All icons are drawn on a grid of 14 and say nothing themselves: the word beside them does. */
function icon(name: string, drawing: ReactNode) {
  function Icon({ size = 14, className }: IconProps) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 14 14"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        aria-hidden="true"
        className={className}
      >
        {drawing}
      </svg>
    );
  }
  Icon.displayName = `${name}Icon`;
  return Icon;
}
const circle = (props: object = {}) => <circle cx="7" cy="7" r="5.8" {...props} />;

export const MarkIcon = icon("Mark", <path d="M1 2.5h7M4 7h9M7 11.5h4" strokeWidth="2.6" />);
export const SearchIcon = icon(
  "Search",
  <>
    <circle cx="6" cy="6" r="4.2" />
    <path d="m9.2 9.2 3.6 3.6" />
  </>,
);
export const PlusIcon = icon("Plus", <path d="M7 2v10M2 7h10" strokeWidth="1.5" />);
export const MoonIcon = icon("Moon", <path d="M12 8.4A5.4 5.4 0 0 1 5.6 2 5.4 5.4 0 1 0 12 8.4z" strokeWidth="1.3" />);
export const SunIcon = icon(
  "Sun",
  <>
    <circle cx="7" cy="7" r="2.6" strokeWidth="1.3" />
    <path
      d="M7 .8v1.6M7 11.6v1.6M.8 7h1.6M11.6 7h1.6M2.6 2.6l1.1 1.1M10.3 10.3l1.1 1.1M11.4 2.6l-1.1 1.1M3.7 10.3l-1.1 1.1"
      strokeWidth="1.3"
    />
  </>,
);
export const AsksIcon = icon("Asks", <path d="M7 1.5 12.5 7 7 12.5 1.5 7z" strokeWidth="1.5" />);
export const FailedIcon = icon(
  "Failed",
  <>
    <path d="M4.4 1h5.2L13 4.4v5.2L9.6 13H4.4L1 9.6V4.4z" />
    <path d="m5 5 4 4M9 5 5 9" strokeWidth="1.5" />
  </>,
);
export const RunningIcon = icon(
  "Running",
  <>
    {circle({ strokeDasharray: "27 9.4", transform: "rotate(-60 7 7)" })}
    <circle cx="7" cy="7" r="2.7" fill="currentColor" stroke="none" />
  </>,
);
export const ActiveIcon = icon(
  "Active",
  <>
    {circle()}
    <path d="M7 2.6a4.4 4.4 0 0 1 0 8.8z" fill="currentColor" stroke="none" />
  </>,
);
export const KeyIcon = icon(
  "Key",
  <>
    <circle cx="4.4" cy="9.6" r="2.8" strokeWidth="1.3" />
    <path d="m6.4 7.6 5.8-5.8M9.4 4.6l2 2" strokeWidth="1.3" />
  </>,
);
export const ClockIcon = icon(
  "Clock",
  <>
    {circle()}
    <path d="M7 3.8V7l2.2 1.6" />
  </>,
);
export const RetryIcon = icon(
  "Retry",
  <>
    <path d="M12.2 5.2A5.6 5.6 0 1 0 12.6 8" />
    <path d="M12.9 1.8v3.7H9.2" />
  </>,
);
export const QueuedIcon = icon("Queued", circle({ strokeDasharray: "2.4 2.15" }));
export const RingIcon = icon("Ring", circle());
export const DoneIcon = icon("Done", <path d="m2.2 7.4 3.2 3.2 6.4-7" strokeWidth="1.6" />);
export const CancelledIcon = icon(
  "Cancelled",
  <>
    {circle()}
    <path d="m3 11 8-8" />
  </>,
);
export const OfflineIcon = icon(
  "Offline",
  <>
    {circle({ strokeDasharray: "2.4 2.15" })}
    <path d="m5.2 5.2 3.6 3.6M8.8 5.2 5.2 8.8" />
  </>,
);
export const StopIcon = icon(
  "Stop",
  <rect x="2.8" y="2.8" width="8.4" height="8.4" rx="1" fill="currentColor" stroke="none" />,
);
export const PauseIcon = icon("Pause", <path d="M4.4 3v8M9.6 3v8" strokeWidth="2.2" />);
export const PlayIcon = icon("Play", <path d="m4 2.4 7.4 4.6L4 11.6z" fill="currentColor" stroke="none" />);
export const MinusIcon = icon("Minus", <path d="M2 7h10" strokeWidth="1.5" />);
export const MoreIcon = icon(
  "More",
  <g fill="currentColor" stroke="none">
    <circle cx="2.5" cy="7" r="1.2" />
    <circle cx="7" cy="7" r="1.2" />
    <circle cx="11.5" cy="7" r="1.2" />
  </g>,
);
export const FoldIcon = icon("Fold", <path d="m5 3 4 4-4 4" strokeWidth="1.5" />);
export const DownIcon = icon("Down", <path d="m3 5 4 4 4-4" strokeWidth="1.5" />);
export const BackIcon = icon("Back", <path d="M9 3 5 7l4 4" strokeWidth="1.6" />);
export const CloseIcon = icon("Close", <path d="m3 3 8 8M11 3l-8 8" strokeWidth="1.5" />);
export const SendIcon = icon("Send", <path d="M7 12V2.4M3 6.2l4-4 4 4" strokeWidth="1.6" />);
export const CopyIcon = icon(
  "Copy",
  <>
    <rect x="4.6" y="4.6" width="7.8" height="7.8" rx="1.2" strokeWidth="1.3" />
    <path
      d="M9.4 4.4V2.8a1.2 1.2 0 0 0-1.2-1.2H2.8a1.2 1.2 0 0 0-1.2 1.2v5.4a1.2 1.2 0 0 0 1.2 1.2h1.6"
      strokeWidth="1.3"
    />
  </>,
);
export const BranchIcon = icon(
  "Branch",
  <g strokeWidth="1.3">
    <circle cx="3.6" cy="2.8" r="1.5" />
    <circle cx="3.6" cy="11.2" r="1.5" />
    <circle cx="10.4" cy="4.4" r="1.5" />
    <path d="M3.6 4.4v5.2M10.4 6c0 2.4-4 1.8-6.4 3.6" />
  </g>,
);
export const PanelIcon = icon(
  "Panel",
  <g strokeWidth="1.3">
    <rect x="1.4" y="2" width="11.2" height="10" rx="1" />
    <path d="M9 2v10" />
  </g>,
);
export const WideIcon = icon("Wide", <path d="M1.5 7h11M4 4.2 1.4 7 4 9.8M10 4.2 12.6 7 10 9.8" strokeWidth="1.3" />);
export const TerminalIcon = icon("Terminal", <path d="m2 3.6 3.6 3.4L2 10.4M7.4 10.6H12" strokeWidth="1.5" />);
export const PullRequestIcon = icon(
  "PullRequest",
  <g strokeWidth="1.3">
    <circle cx="3.4" cy="3" r="1.6" />
    <circle cx="3.4" cy="11" r="1.6" />
    <circle cx="10.6" cy="11" r="1.6" />
    <path d="M3.4 4.6v4.8M10.6 9.4V5.2a2 2 0 0 0-2-2H6.4M8 1.4 6.2 3.2 8 5" />
  </g>,
);
export const FileIcon = icon("File", <path d="M3 1.4h5l3 3v8.2H3zM8 1.4v3h3" strokeWidth="1.3" />);
const HashIcon = icon("Hash", <path d="M5 1.5 4 12.5M10 1.5 9 12.5M1.8 5h10.8M1.4 9h10.8" strokeWidth="1.3" />);
const MailIcon = icon(
  "Mail",
  <g strokeWidth="1.3">
    <rect x="1.2" y="2.8" width="11.6" height="8.4" rx="1" />
    <path d="m1.6 3.6 5.4 4 5.4-4" />
  </g>,
);
export const CalendarIcon = icon(
  "Calendar",
  <g strokeWidth="1.3">
    <rect x="1.6" y="2.6" width="10.8" height="9.8" rx="1" />
    <path d="M1.6 5.8h10.8M4.6 1v2.6M9.4 1v2.6" />
  </g>,
);
const NodesIcon = icon(
  "Nodes",
  <g strokeWidth="1.3">
    <circle cx="2.6" cy="7" r="1.6" />
    <circle cx="11.4" cy="3.4" r="1.6" />
    <circle cx="11.4" cy="10.6" r="1.6" />
    <path d="M4.2 7c3 0 2.6-3.6 5.6-3.6M4.2 7c3 0 2.6 3.6 5.6 3.6" />
  </g>,
);
const WindowIcon = icon(
  "Window",
  <g strokeWidth="1.3">
    <rect x="1.4" y="2" width="11.2" height="10" rx="1" />
    <path d="M5 2v10" />
  </g>,
);
const BracesIcon = icon(
  "Braces",
  <path
    d="M5 2c-1.6 0-1.6.8-1.6 2.4S3 7 1.8 7C3 7 3.4 7.8 3.4 9.6S3.4 12 5 12M9 2c1.6 0 1.6.8 1.6 2.4S11 7 12.2 7c-1.2 0-1.6.8-1.6 2.6S10.6 12 9 12"
    strokeWidth="1.3"
  />,
);

/** The door a session or message came through, drawn and named. */
export const SOURCES: Record<Source, { Icon: typeof MarkIcon; name: string }> = {
  api: { Icon: BracesIcon, name: "API" },
  dashboard: { Icon: WindowIcon, name: "Dashboard" },
  cli: { Icon: TerminalIcon, name: "Command line" },
  mcp: { Icon: NodesIcon, name: "MCP" },
  slack: { Icon: HashIcon, name: "Slack" },
  email: { Icon: MailIcon, name: "E-mail" },
  n8n: { Icon: NodesIcon, name: "n8n" },
  schedule: { Icon: CalendarIcon, name: "Schedule" },
  github: { Icon: PullRequestIcon, name: "GitHub" },
  hub: { Icon: MarkIcon, name: "Hub" },
  claude: { Icon: TerminalIcon, name: "Claude" },
};
