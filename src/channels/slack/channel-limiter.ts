import { AppError } from "../../lib/errors.ts";

export interface Turn {
  /** An answer: it goes before whatever only shows progress. */
  urgent: boolean;
  signal: AbortSignal;
}

export interface ChannelLimiter {
  /** Resolves when something may be posted or changed in a channel. AppError "rate_limited" when too much waits for it. */
  turn(channel: string, turn: Turn): Promise<void>;
  /** Slack said how long to leave a channel alone. */
  pause(channel: string, ms: number): void;
}

/** Slack takes one message a second in a channel. */
const INTERVAL_MS = 1_000;
/** What waits for one channel; deliveries that find it full come again, and nothing is lost. */
const MAX_WAITING = 100;

type Start = () => void;

interface Line {
  nextAt: number;
  urgent: Start[];
  others: Start[];
  timer: NodeJS.Timeout | undefined;
}

/** One line of waiters for each channel: channels never wait for each other. */
export function createChannelLimiter(intervalMs = INTERVAL_MS): ChannelLimiter {
  const lines = new Map<string, Line>();

  function lineOf(channel: string): Line {
    const known = lines.get(channel);
    if (known) return known;
    const line: Line = { nextAt: 0, urgent: [], others: [], timer: undefined };
    lines.set(channel, line);
    return line;
  }

  function serve(channel: string, line: Line): void {
    line.timer = undefined;
    const wait = line.nextAt - performance.now();
    if (wait > 0) return later(channel, line, wait);
    const next = line.urgent.shift() ?? line.others.shift();
    if (!next) return void lines.delete(channel);
    line.nextAt = performance.now() + intervalMs;
    next();
    // Once more also when nobody waits, to forget the channel.
    later(channel, line, intervalMs);
  }

  function later(channel: string, line: Line, ms: number): void {
    // Whoever waits is held by a signal of its own; the process may end meanwhile.
    line.timer ??= setTimeout(() => serve(channel, line), ms).unref();
  }

  return {
    turn(channel, { urgent, signal }) {
      if (signal.aborted) return Promise.reject(signal.reason);
      const line = lineOf(channel);
      const queue = urgent ? line.urgent : line.others;
      if (queue.length >= MAX_WAITING)
        return Promise.reject(
          new AppError("rate_limited", `${queue.length} messages wait for Slack channel ${channel}`),
        );
      return new Promise((resolve, reject) => {
        const start = () => {
          signal.removeEventListener("abort", abort);
          resolve();
        };
        const abort = () => {
          queue.splice(queue.indexOf(start), 1);
          reject(signal.reason);
        };
        signal.addEventListener("abort", abort, { once: true });
        queue.push(start);
        if (!line.timer) serve(channel, line);
      });
    },

    pause(channel, ms) {
      const line = lineOf(channel);
      line.nextAt = Math.max(line.nextAt, performance.now() + ms);
      later(channel, line, ms);
    },
  };
}
