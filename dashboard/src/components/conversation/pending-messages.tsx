import type { Message } from "../../../../src/contract/message.ts";
import { timeOfDay } from "../../lib/format.ts";
import { QueuedIcon } from "../icons.tsx";
import classes from "./composer.module.css";

/** Messages that no run has taken in yet, in the order they will be read. */
export function PendingMessages({ messages }: { messages: readonly Message[] }) {
  if (messages.length === 0) return null;
  return (
    <ul className={classes.pending} aria-label="Queued messages">
      {messages.map((message) => (
        <li key={message.messageId}>
          <QueuedIcon size={11} />
          <span className="strong">Queued</span>
          <span className="cut" title={message.content}>
            “{message.content.split("\n")[0]}”
          </span>
          <time className="right num dim3" dateTime={message.timestamp}>
            {timeOfDay(message.timestamp)}
          </time>
        </li>
      ))}
    </ul>
  );
}
