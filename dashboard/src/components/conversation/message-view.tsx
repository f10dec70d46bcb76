import { lazy, type ReactNode, Suspense } from "react";
import type { Message } from "../../../../src/contract/message.ts";
import { fullTime, timeOfDay } from "../../lib/format.ts";
import { SOURCES } from "../icons.tsx";
import { MessageFiles } from "./message-files.tsx";
import classes from "./message-view.module.css";

const Markdown = lazy(() => import("./markdown.tsx").then((file) => ({ default: file.Markdown })));

/** A text as Markdown; as it was typed until the reader for it has arrived. */
function Text({ children }: { children: string }) {
  return (
    <Suspense fallback={<p className={classes.plain}>{children}</p>}>
      <Markdown text={children} />
    </Suspense>
  );
}

const initials = (name: string): string =>
  name
    .split(/[\s._-]+/u)
    .map((part) => part[0] ?? "")
    .join("")
    .slice(0, 2)
    .toUpperCase();

function Head({ name, about, at }: { name: string; about: string; at: string }) {
  return (
    <div className={classes.who}>
      <b>{name}</b>
      {about && <span>{about}</span>}
      <time className="num" dateTime={at} title={fullTime(at)}>
        {timeOfDay(at)}
      </time>
    </div>
  );
}

function Frame({
  badge,
  claude,
  head,
  children,
}: {
  badge: string;
  claude: boolean;
  head: ReactNode;
  children: ReactNode;
}) {
  return (
    <article className={classes.message}>
      {head ? (
        <span className={classes.badge} data-claude={claude || undefined} aria-hidden>
          {badge}
        </span>
      ) : (
        <span className={classes.noBadge} />
      )}
      <div className={classes.body}>
        {head}
        {children}
      </div>
    </article>
  );
}

const runWords = (run: number | undefined): string => (run === undefined ? "" : `run ${run}`);

/** What somebody said, with who and through which door. What Claude says on under the same name has no second head. */
export function MessageView({
  message,
  continued,
  run,
}: {
  message: Message;
  continued: boolean;
  run: number | undefined;
}) {
  const { direction, author, source, timestamp, content, files } = message;
  if (direction === "outbound" && (source === "claude" || author === null)) {
    return (
      <Frame badge="C" claude head={!continued && <Head name="Claude" about={runWords(run)} at={timestamp} />}>
        <Text>{content}</Text>
      </Frame>
    );
  }
  const door = SOURCES[source].name;
  const name = author ?? (source === "dashboard" ? "You" : door);
  const about = author !== null || source === "dashboard" ? door : "";
  return (
    <Frame
      badge={initials(name)}
      claude={false}
      head={<Head name={name} about={about === name ? "" : about} at={timestamp} />}
    >
      <Text>{content}</Text>
      <MessageFiles files={files} />
    </Frame>
  );
}

interface ClaudeTextProps {
  text: string;
  at: string;
  live: boolean;
  continued: boolean;
  run: number | undefined;
}

/** What Claude says between its tool calls; in second ink while it is still being said. */
export function ClaudeText({ text, at, live, continued, run }: ClaudeTextProps) {
  return (
    <Frame badge="C" claude head={!continued && <Head name="Claude" about={runWords(run)} at={at} />}>
      <div data-live={live || undefined} className={classes.said}>
        <Text>{text}</Text>
      </div>
    </Frame>
  );
}
