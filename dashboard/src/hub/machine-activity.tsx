import {
  FailedIcon,
  type MarkIcon,
  OfflineIcon,
  RetryIcon,
  RingIcon,
  RunningIcon,
  TerminalIcon,
} from "../components/icons.tsx";
import { fullTime, moment } from "../lib/format.ts";
import { useNow } from "../lib/use-now.ts";
import type { HubMachineEvent } from "./hub-api.ts";
import classes from "./machine-activity.module.css";

const LOOKS: Record<HubMachineEvent["kind"], { Icon: typeof MarkIcon; tone: string; word: string }> = {
  connected: { Icon: RingIcon, tone: "t-wait", word: "Connected" },
  status: { Icon: RunningIcon, tone: "t-run", word: "Status" },
  disconnected: { Icon: OfflineIcon, tone: "t-wait", word: "Disconnected" },
  warning: { Icon: RetryIcon, tone: "t-need", word: "Warning" },
  error: { Icon: FailedIcon, tone: "t-fail", word: "Error" },
  command: { Icon: TerminalIcon, tone: "t-wait", word: "Command" },
};

function Entry({ event, now }: { event: HubMachineEvent; now: number }) {
  const { Icon, tone, word } = LOOKS[event.kind];
  return (
    <li className={classes.entry}>
      <time dateTime={event.at} title={fullTime(event.at)}>
        {moment(event.at, now)}
      </time>
      <Icon size={12} className={tone} />
      <span className={classes.text}>
        <b>{word}</b> {event.text}
        {event.by && <span className="dim3">, {event.by}</span>}
      </span>
    </li>
  );
}

/** What happened to a machine, the latest first: its own warnings and errors among it. */
export function MachineActivity({ events }: { events: readonly HubMachineEvent[] | undefined }) {
  const now = useNow();
  return (
    <section className={classes.activity} aria-label="Activity">
      <h3>Activity</h3>
      {events?.length === 0 && <p className="dim sm">Nothing yet.</p>}
      <ol>
        {events?.map((event) => (
          <Entry key={event.id} event={event} now={now} />
        ))}
      </ol>
    </section>
  );
}
