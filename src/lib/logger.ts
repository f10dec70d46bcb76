import { pino, type Logger as PinoLogger } from "pino";

export type Logger = PinoLogger;

/** Fields that may hold a secret, wherever they stand. Prompts and answers are never logged at info. */
const secret = ["authorization", "cookie", "apiKey", "token", "password", "secret", "databaseUrl"];

/** Logs one JSON object a line on standard output. */
export function createLogger(level: string): Logger {
  return pino({
    level,
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
}
