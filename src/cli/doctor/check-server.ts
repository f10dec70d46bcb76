import { once } from "node:events";
import { createServer } from "node:net";
import { z } from "zod";
import type { Config } from "../../config.ts";
import { toError } from "../../lib/errors.ts";
import { fail, ok, warn, type Check } from "./check.ts";

const ASK_TIMEOUT_MS = 3_000;
const Answer = z.object({ name: z.literal("claude-orchestrator"), version: z.string() });

type HttpConfig = Config["http"];

/** Whether the server could listen, or does already. */
export async function checkPort({ host, port }: HttpConfig): Promise<Check> {
  const name = "API_PORT";
  if (port === 0) return ok(name, "0: any free port");
  const version = await askVersion(host, port);
  if (version !== undefined) return ok(name, `claude-orchestrator ${version} runs on ${host}:${port}`);
  const refused = await tryListening(host, port);
  if (!refused) return ok(name, `${host}:${port} is free`);
  return fail(
    name,
    `${host}:${port}: ${refused.message}`,
    "End the program that listens there, or set API_PORT (above 1023) and API_HOST",
  );
}

async function askVersion(host: string, port: number): Promise<string | undefined> {
  const reachable = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  const address = reachable.includes(":") ? `[${reachable}]` : reachable;
  try {
    const response = await fetch(`http://${address}:${port}/api/version`, {
      signal: AbortSignal.timeout(ASK_TIMEOUT_MS),
    });
    return Answer.parse(await response.json()).version;
  } catch {
    return undefined;
  }
}

async function tryListening(host: string, port: number): Promise<Error | undefined> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
    return undefined;
  } catch (error) {
    return toError(error);
  } finally {
    server.close();
  }
}

/** Who may use the API. A server that others can reach without a key is refused by the configuration itself. */
export function checkKeys({ apiKeys, loopback, publicUrl, host }: HttpConfig): Check {
  const name = "API_KEY";
  const keys = apiKeys.length === 1 ? "one key" : `${apiKeys.length} keys`;
  if (apiKeys.length > 0)
    return ok(name, `${keys}; ${loopback ? "programs on this machine need none" : `${host} asks everyone for it`}`);
  if (publicUrl !== undefined)
    return warn(
      name,
      `PUBLIC_URL is ${publicUrl}, and there is no key: who comes through the proxy is refused`,
      "Set API_KEY (openssl rand -hex 24)",
    );
  return ok(name, `none; only programs on this machine are let in (${host})`);
}
