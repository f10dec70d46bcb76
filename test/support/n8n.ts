import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, inject } from "vitest";
import { connectionOf, openN8nDatabase, type N8nDatabase } from "./n8n-database.ts";
import { n8nProgram } from "./n8n-install.ts";
import { ownerEnvironment, signInAsOwner, type Owner } from "./n8n-owner.ts";
import type { Workflow } from "./n8n-workflows.ts";

const COMMAND_MS = 120_000;
const READY_MS = 120_000;
const STOP_MS = 20_000;

export interface Credential {
  id: string;
  name: string;
  type: string;
  data: object;
}

interface Given {
  workflows: readonly Workflow[];
  credentials: readonly Credential[];
  /** More for its environment: the way outside. */
  environment: Record<string, string>;
}

export interface N8n extends AsyncDisposable {
  url: string;
  database: N8nDatabase;
  /** Its environment's folder; goes with it. */
  folder: string;
  log(): string;
  /** Runs it until its webhooks are there. */
  start(): Promise<void>;
  /** Ends it in order; SIGKILL for the other way. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  unpublish(workflowId: string): Promise<void>;
  testCredential(credential: Credential): Promise<string | undefined>;
  /** Calls a webhook of a workflow, with the key that it asks for. */
  call(path: string, body: object): Promise<{ status: number; body: Record<string, unknown> }>;
}

/** The key of the credential “Claude webhooks” in these tests. */
export const WEBHOOK_KEY = { name: "x-webhook-key", value: "the-key-of-our-webhooks" };

/** The real n8n with these workflows, imported by its own command and published; on a database and folder of its own. */
export async function openN8n({ workflows, credentials, environment }: Given): Promise<N8n> {
  await using parts = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "orch-n8n-"));
  parts.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  const database = parts.use(await openN8nDatabase(inject("testServer").adminUrl));
  const [port, brokerPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const own = { ...environmentOf({ folder, port, brokerPort }), ...connectionOf(database.url), ...ownerEnvironment() };
  const env = { ...own, ...environment };
  await importInto(folder, env, { workflows, credentials });

  let log = "";
  let child: ChildProcess | undefined;
  let owner: Owner | undefined;
  const stop = (signal: NodeJS.Signals = "SIGTERM") => end(child, signal);
  parts.defer(() => stop());
  // A test file that ran out of time ends without disposing of what was still being opened.
  const kill = () => void child?.kill("SIGKILL");
  process.once("exit", kill);
  parts.defer(() => void process.off("exit", kill));
  const kept = parts.move();
  return {
    url,
    database,
    folder,
    log: () => log,
    async start() {
      child = spawn(process.execPath, [n8nProgram(), "start"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
      for (const output of [child.stdout, child.stderr])
        output?.setEncoding("utf8").on("data", (text: string) => (log += text));
      const running = { child, log: () => log };
      await until(running, () => answers(url));
      // A later start finds everything published in its database.
      if (owner) return;
      owner = await signInAsOwner(url);
      // What others refer to comes first: the workflow for errors.
      for (const { id } of workflows.toReversed()) await owner.publish(id);
      await until(running, async () => (await database.published()) >= workflows.length);
    },
    stop,
    unpublish: async (workflowId) => owner?.unpublish(workflowId),
    testCredential: async (credential) => owner?.testCredential(credential),
    call: (path, body) => callWebhook(`${url}/webhook/${path}`, body),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function callWebhook(url: string, body: object): Promise<{ status: number; body: Record<string, unknown> }> {
  const headers = { "content-type": "application/json", [WEBHOOK_KEY.name]: WEBHOOK_KEY.value };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** Its webhooks come a moment after it says that it is ready: what it notes in its database is what counts. */
async function until(started: { child: ChildProcess; log: () => string }, isSo: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + READY_MS; !(await isSo()); await sleep(100))
    if (started.child.exitCode !== null || Date.now() > deadline)
      throw new Error(`n8n did not become ready:\n${started.log()}`);
}

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await exited;
  clearTimeout(late);
}

type Content = Pick<Given, "workflows" | "credentials">;

async function importInto(folder: string, env: Record<string, string>, { workflows, credentials }: Content) {
  await writeFile(join(folder, "credentials.json"), JSON.stringify(credentials));
  await mkdir(join(folder, "workflows"));
  for (const workflow of workflows)
    await writeFile(join(folder, "workflows", `${workflow.id}.json`), JSON.stringify(workflow));
  const command = commandIn(folder, env);
  await command("import:credentials", `--input=${join(folder, "credentials.json")}`);
  await command("import:workflow", "--separate", `--input=${join(folder, "workflows")}`);
}

/** Its commands end with 0 whatever happens: what they say decides. */
function commandIn(folder: string, env: Record<string, string>) {
  return async (...args: string[]): Promise<void> => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [n8nProgram(), ...args], {
      cwd: folder,
      env,
      timeout: COMMAND_MS,
      maxBuffer: 64 * 1024 ** 2,
    });
    expect(stdout, `n8n ${args[0]}: ${stderr}`).toContain("Successfully");
  };
}

const answers = (url: string): Promise<boolean> =>
  fetch(`${url}/healthz/readiness`).then(
    ({ ok }) => ok,
    () => false,
  );

/** Everything of n8n that would call home is off, and it sees nothing of this machine but a folder. */
const environmentOf = ({ folder, port, brokerPort }: { folder: string; port: number; brokerPort: number }) => ({
  PATH: process.env["PATH"] ?? "/usr/bin:/bin",
  HOME: folder,
  N8N_USER_FOLDER: folder,
  N8N_LISTEN_ADDRESS: "127.0.0.1",
  N8N_HOST: "127.0.0.1",
  N8N_PORT: String(port),
  WEBHOOK_URL: `http://127.0.0.1:${port}/`,
  N8N_RUNNERS_BROKER_PORT: String(brokerPort),
  N8N_ENCRYPTION_KEY: "a-key-for-tests",
  N8N_DISABLE_UI: "true",
  N8N_DIAGNOSTICS_ENABLED: "false",
  N8N_VERSION_NOTIFICATIONS_ENABLED: "false",
  N8N_VERSION_NOTIFICATIONS_WHATS_NEW_ENABLED: "false",
  N8N_TEMPLATES_ENABLED: "false",
  N8N_DYNAMIC_BANNERS_ENABLED: "false",
  N8N_HIRING_BANNER_ENABLED: "false",
  N8N_PERSONALIZATION_ENABLED: "false",
  N8N_LICENSE_AUTO_RENEW_ENABLED: "false",
  N8N_COMMUNITY_PACKAGES_ENABLED: "false",
  N8N_SECURE_COOKIE: "false",
  N8N_PYTHON_ENABLED: "false",
  N8N_DISABLED_MODULES: "mcp-registry,instance-ai,agents,insights,external-secrets",
});

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
