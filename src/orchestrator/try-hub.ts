import { randomBytes } from "node:crypto";
import { request as requestHttp, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { toError } from "../lib/errors.ts";

const TIMEOUT_MS = 10_000;
const MAX_TEXT = 200;
/** A close frame without a reason, masked by nothing. */
const CLOSE_FRAME = Buffer.from([0x88, 0x80, 0, 0, 0, 0]);

/** What became of a try: a socket was granted, the hub answered otherwise, or nobody did. */
export type HubTrial =
  | { is: "granted" }
  | { is: "answered"; status: number; text: string }
  | { is: "unreachable"; error: string };

const upgradeHeaders = () => ({
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
});

/**
 * Asks for a machine's socket as a machine does and, once it is granted, closes it without a word: a hub knows a machine
 * only when it registers. The `client_id` in `url` must not be that of a machine, or its socket would be replaced.
 */
export const trySocket = (url: string): Promise<HubTrial> => ask(url, { headers: upgradeHeaders() });

/** Asks at the hub's address for its health; a hub of any kind answers that. */
export function tryHealth(base: string): Promise<HubTrial> {
  const url = new URL("/health", base);
  return ask(url.href, {});
}

function ask(address: string, options: RequestOptions): Promise<HubTrial> {
  const url = new URL(address.replace(/^ws/u, "http"));
  return new Promise((resolve) => {
    const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, { ...options, agent: false });
    const timer = setTimeout(
      () => request.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s`)),
      TIMEOUT_MS,
    ).unref();
    const finish = (trial: HubTrial): void => {
      clearTimeout(timer);
      resolve(trial);
    };
    request.on("error", (error) => finish({ is: "unreachable", error: wordsOf(error) }));
    request.on("upgrade", (_response, socket) => {
      socket.on("error", () => socket.destroy());
      socket.end(CLOSE_FRAME, () => socket.destroy());
      finish({ is: "granted" });
    });
    request.on("response", (response) => {
      void readBeginning(response).then((text) => {
        finish({ is: "answered", status: response.statusCode ?? 0, text });
        request.destroy();
      });
    });
    request.end();
  });
}

/** The driver's words name host and cause; the URL with its token is not among them. */
const wordsOf = (error: unknown): string => {
  const { message, cause } = toError(error);
  if (message !== "") return message;
  return error instanceof AggregateError ? toError(error.errors[0]).message : toError(cause).message;
};

/** Of what a stranger wrote, as much as fits a line. */
async function readBeginning(response: IncomingMessage): Promise<string> {
  let text = "";
  try {
    for await (const chunk of response.setEncoding("utf8")) {
      text += String(chunk);
      if (text.length > MAX_TEXT) break;
    }
  } catch {
    // What came until then is what there is.
  }
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ")
    .trim()
    .slice(0, MAX_TEXT);
}
