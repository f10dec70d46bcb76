import { readFileSync } from "node:fs";
import { z } from "zod";
import { AppError, toError } from "./lib/errors.ts";

/** An empty variable counts as unset. */
const Text = z
  .string()
  .trim()
  .optional()
  .transform((text) => (text === "" ? undefined : text));

/** What the command line reads when it talks to a server, which may be on another machine. */
export const clientEnvironment = {
  CLAUDE_ORCHESTRATOR_URL: Text,
  CLAUDE_ORCHESTRATOR_API_KEY: Text,
  CLAUDE_ORCHESTRATOR_API_KEY_FILE: Text,
};

const ClientEnvironment = z.object(clientEnvironment);
const DEFAULT_URL = "http://127.0.0.1:3001";

/** Where a server is and how to show who is asking. */
export interface ClientConfig {
  url: string;
  apiKey: string | undefined;
}

/** What a command line was given; it wins over the environment. */
export interface ClientOptions {
  url?: string | undefined;
  keyFile?: string | undefined;
}

/**
 * Reads the real environment only, never `.env`: a repository in which somebody starts this must not be able to say
 * where their key is sent.
 */
export function readClientConfig(options: ClientOptions = {}, env: NodeJS.ProcessEnv = process.env): ClientConfig {
  const e = ClientEnvironment.parse(env);
  const keyFile = options.keyFile ?? e.CLAUDE_ORCHESTRATOR_API_KEY_FILE;
  const useFile = options.keyFile !== undefined || e.CLAUDE_ORCHESTRATOR_API_KEY === undefined;
  return {
    url: baseUrl(options.url ?? e.CLAUDE_ORCHESTRATOR_URL ?? DEFAULT_URL),
    apiKey: useFile && keyFile !== undefined ? readKey(keyFile) : e.CLAUDE_ORCHESTRATOR_API_KEY,
  };
}

function baseUrl(text: string): string {
  const url = URL.parse(text);
  if (!url || !/^https?:$/u.test(url.protocol))
    throw new AppError("invalid", `${text} is not an http or https URL of a server`);
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    throw new AppError("invalid", "The URL of the server must hold no user name, query or fragment");
  return url.href.replace(/\/+$/u, "");
}

function readKey(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new AppError("invalid", `The key file cannot be read: ${toError(error).message}`, { cause: error });
  }
}
