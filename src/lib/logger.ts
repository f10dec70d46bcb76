import { pino, type Logger as PinoLogger } from "pino";

export type Logger = PinoLogger;

/** Fields that may hold a secret, wherever they stand. Prompts and answers are never logged at info. */
const secret = ["authorization", "cookie", "apiKey", "token", "password", "secret", "databaseUrl"];

/** A line of warning or error, without its fields. */
export interface Trouble {
  level: "warning" | "error";
  message: string;
}

/** Hears of a logger's troubles, and its children's. */
export interface TroubleSource {
  /** The returned function ends it. */
  watch(onTrouble: (trouble: Trouble) => void): () => void;
}

const WARN = 40;
const ERROR = 50;
const sources = new WeakMap<Logger, TroubleSource>();
const silent: TroubleSource = { watch: () => () => undefined };

/** The troubles of a logger that `createLogger` made; of any other there are none to hear. */
export const troublesOf = (log: Logger): TroubleSource => sources.get(log) ?? silent;

/** The text of a line, and what its error says. */
function textOf([first, second]: readonly unknown[]): string {
  if (typeof first === "string") return first;
  const text = typeof second === "string" ? second : "";
  const error = typeof first === "object" && first !== null && "err" in first ? first.err : first;
  return error instanceof Error ? `${text}: ${error.message}` : text;
}

/** Logs one JSON object a line on standard output. */
export function createLogger(level: string): Logger {
  const watchers = new Set<(trouble: Trouble) => void>();
  const log = pino({
    level,
    hooks: {
      logMethod(args, method, number) {
        method.apply(this, args);
        if (number < WARN) return;
        for (const watcher of watchers) watcher({ level: number < ERROR ? "warning" : "error", message: textOf(args) });
      },
    },
    redact: {
      paths: [
        ...secret,
        ...secret.map((name) => `*.${name}`),
        'req.headers["x-api-key"]',
        "req.headers.authorization",
        "req.headers.cookie",
      ],
      censor: "[redacted]",
    },
  });
  sources.set(log, {
    watch(watcher) {
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  });
  return log;
}
