import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { makeGitHost } from "../../demo/repositories.ts";
import type { FakeSlackOptions } from "./fake-slack/fake-slack.ts";
import type { MailServer } from "./mail-server.ts";
import { startOutside, type Outside } from "./n8n-outside.ts";
import { configured, readWorkflow, workflowFiles, type Workflow } from "./n8n-workflows.ts";
import { freePort, openN8n, WEBHOOK_KEY, type Credential, type N8n } from "./n8n.ts";
import { openServerPlace, type ServerPlace, type ServerProcess } from "./server-process.ts";

const API_KEY = "the-key-of-our-own-server";
/** Repositories of the git host that stands in for GitHub. */
export const REPOSITORIES = ["acme/first", "acme/second"] as const;

export interface House extends AsyncDisposable {
  n8n: N8n;
  outside: Outside;
  place: ServerPlace;
  /** The server that runs now. */
  server(): ServerProcess;
  /** Starts another at the same address, on the same ledger. */
  restartServer(): Promise<void>;
}

interface Furnishing {
  /** File name → what its Config is set to, beside the server's address. */
  config?: Record<string, Record<string, unknown>>;
  credentials?: readonly Credential[];
  slack?: FakeSlackOptions;
  /** Only these files and the one for errors; all by default. */
  files?: readonly string[];
  /** What is imported instead of a workflow. */
  change?: (workflow: Workflow) => Workflow[];
}

/** Our real server with the real CLI on a scripted model, and the real n8n with our workflows; nothing reaches further. */
export async function openHouse({
  config = {},
  credentials = [],
  slack = {},
  files,
  change = (it) => [it],
}: Furnishing) {
  await using parts = new AsyncDisposableStack();
  const place = parts.use(await openServerPlace());
  const remotes = join(place.folder, "remotes");
  await mkdir(remotes);
  const readme = { "README.md": "# A project\n" };
  await makeGitHost(remotes, process.env["PATH"] ?? "", Object.fromEntries(REPOSITORIES.map((name) => [name, readme])));
  const values = { API_PORT: String(await freePort()), API_KEY, GITHUB_URL: pathToFileURL(remotes).href };
  let server = await place.start(values);
  parts.defer(() => server[Symbol.asyncDispose]());

  const outside = parts.use(await startOutside(slack));
  const shipped = workflowFiles().filter((file) => !files || files.includes(file) || file.startsWith("10-"));
  const workflows = shipped.flatMap((file) => {
    const workflow = readWorkflow(file);
    const own = { ...config[file], ...(file.startsWith("10-") ? {} : { orchestratorUrl: server.url }) };
    return change(configured(workflow, own));
  });
  const n8n = parts.use(
    await openN8n({
      workflows,
      credentials: [...basicCredentials(outside), ...credentials],
      environment: outside.environment,
    }),
  );
  await n8n.start();
  const kept = parts.move();
  return {
    n8n,
    outside,
    place,
    server: () => server,
    async restartServer() {
      server = await place.start(values);
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  } satisfies House;
}

/** Found by their names: the ids are others than those in the files, as in anybody's n8n. */
const basicCredentials = ({ slack }: Outside): Credential[] => [
  {
    id: "another-id-1",
    name: "Claude Orchestrator API",
    type: "httpHeaderAuth",
    data: { name: "Authorization", value: `Bearer ${API_KEY}` },
  },
  { id: "another-id-2", name: "Claude webhooks", type: "httpHeaderAuth", data: WEBHOOK_KEY },
  {
    id: "another-id-3",
    name: "Slack",
    type: "slackApi",
    data: { accessToken: slack.team().botToken, signatureSecret: slack.signingSecret },
  },
];

export function mailCredentials({ smtp, environment }: MailServer): Credential[] {
  const { user, password } = smtp;
  const imapPort = Number(environment["IMAP_PORT"]);
  return [
    {
      id: "another-id-4",
      name: "SMTP",
      type: "smtp",
      data: { host: smtp.host, port: smtp.port, secure: false, disableStartTls: true, user, password },
    },
    {
      id: "another-id-5",
      name: "IMAP",
      type: "imap",
      data: { host: environment["IMAP_HOST"], port: imapPort, secure: false, user, password },
    },
  ];
}
