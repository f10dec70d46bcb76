import { Command } from "commander";
import { lookAtHub, startHubApp } from "../app-hub.ts";
import { loadDotEnv, readConfig } from "../config.ts";
import { createLogger } from "../lib/logger.ts";
import { startBuild } from "./build-dashboard.ts";
import { untilSignal } from "./until-signal.ts";

/** `claude-orchestrator hub`: the one place many machines connect to; its subcommands look at a hub from its computer. */
export function hubCommand(): Command {
  const hub = new Command("hub").description("Serve as the hub that machines connect to").action(() => serveHub());
  hub.command("machines").description("List the machines the hub knows").action(listMachines);
  const tokens = new Command("tokens").description("The tokens by which machines connect");
  tokens.command("list", { isDefault: true }).description("List tokens").action(listTokens);
  tokens
    .command("create")
    .description("Make a token and print it, this once")
    .argument("<name>", "what it is for")
    .option("--user <login>", "whose it is; must have signed in once", "local")
    .option("--days <days>", "how long it is good for; for ever without it", Number)
    .action(createToken);
  tokens
    .command("revoke")
    .description("End a token and the connections made with it")
    .argument("<id>")
    .action(revokeToken);
  hub.addCommand(tokens);
  return hub;
}

export async function serveHub(): Promise<void> {
  loadDotEnv();
  const config = readConfig();
  const log = createLogger(config.logLevel);
  const stopping = untilSignal((signal) => log.info({ signal }, "stopping; a second signal ends at once"));
  await using hub = await startHubApp(config, log);
  log.info({ url: hub.url }, `ready: the hub is at ${hub.url}`);
  const building = startBuild(config.http.dashboardDir, log);
  await stopping;
  building[Symbol.dispose]();
}

type Desk = Awaited<ReturnType<typeof lookAtHub>>;

async function atDesk(work: (desk: Desk) => Promise<string>): Promise<void> {
  loadDotEnv();
  const config = readConfig();
  await using parts = new AsyncDisposableStack();
  process.stdout.write(await work(await lookAtHub(config, createLogger("warn"), parts)));
}

const day = (at: Date | null): string => at?.toISOString().slice(0, 16).replace("T", " ") ?? "-";
const lines = (rows: string[][]): string => rows.map((row) => `${row.join("  ")}\n`).join("");

const listMachines = (): Promise<void> =>
  atDesk(async (desk) =>
    lines(
      (await desk.machines()).map((it) => [
        it.id,
        it.status.padEnd(12),
        it.owner,
        it.hostname,
        it.project,
        `seen ${day(it.lastSeenAt)}`,
      ]),
    ),
  );

const listTokens = (): Promise<void> =>
  atDesk(async (desk) =>
    lines(
      (await desk.tokens()).map((it) => [
        it.id,
        it.revokedAt ? "revoked" : it.expiresAt && it.expiresAt <= new Date() ? "expired" : "good   ",
        it.login,
        it.name,
        `used ${day(it.lastUsedAt)}`,
      ]),
    ),
  );

const createToken = (name: string, { user, days }: { user: string; days?: number }): Promise<void> =>
  atDesk(async (desk) => `${(await desk.createToken(user, name, days)).token}\n`);

const revokeToken = (id: string): Promise<void> =>
  atDesk(async (desk) => {
    await desk.revokeToken(id);
    return `${id} is revoked\n`;
  });
