import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createClicks } from "./clicks.ts";
import { createLimits } from "./limits.ts";
import { answerPage } from "./pages.ts";
import { createPeople } from "./people.ts";
import { createPlannedFaults } from "./planned-faults.ts";
import { ALL_SCOPES } from "./scopes.ts";
import { shown } from "./shown.ts";
import { openSocketMode } from "./socket-mode.ts";
import { makeTeam, type FakeMessage, type FakeTeam, type TeamOptions } from "./state.ts";
import { createPosting, type AppAddress } from "./to-app.ts";
import { createWebApi } from "./web-api.ts";
import { judge, noteHistory, placeOf, postInto, presentMessage, type World } from "./world.ts";

const MAX_BODY = 64 * 1024 ** 2;

export interface FakeSlackOptions {
  /** One workspace by default. */
  teams?: TeamOptions[];
  transport?: AppAddress["transport"];
  /** Names of events as a manifest has them (`message.channels`); all by default. */
  events?: readonly string[];
  paths?: Partial<AppAddress["paths"]>;
  /** Pauses before an unacknowledged event comes again. */
  retryDelaysMs?: readonly number[];
  /** Least time between two messages or edits in a channel; Slack's second by default. */
  messageIntervalMs?: number;
  /** Calls a minute by method, where they differ from the tier's. */
  perMinute?: Record<string, number>;
  streamLifeMs?: number;
  streamIdleMs?: number;
}

function makeWorld(options: FakeSlackOptions): World {
  let lastTs = 0;
  let lastId = 0;
  const world: World = {
    origin: "",
    apiUrl: "",
    signingSecret: "fake-signing-secret-0123456789abcdef",
    clientId: "1111.2222",
    clientSecret: "fake-client-secret",
    appId: "A0FAKEAPP1",
    appToken: "xapp-1-A0FAKEAPP1-fake",
    streamLifeMs: options.streamLifeMs ?? 300_000,
    streamIdleMs: options.streamIdleMs ?? 300_000,
    teams: new Map(),
    calls: [],
    faults: [],
    pings: [],
    views: [],
    uploads: new Map(),
    responseUrls: new Map(),
    codes: new Map(),
    socketTickets: new Set(),
    newTs() {
      lastTs = Math.max(lastTs + 1, Date.now() * 1000);
      return `${Math.floor(lastTs / 1e6)}.${String(lastTs % 1e6).padStart(6, "0")}`;
    },
    newId(prefix) {
      lastId += 1;
      return `${prefix}${Date.now().toString(36).toUpperCase()}${String(lastId).padStart(5, "0")}`;
    },
    tell: () => undefined,
    post: (team, message) => postInto(world, team, message),
    changed(team, message, told = true) {
      noteHistory(message);
      judge(world, message);
      const change = { message: presentMessage(message), hidden: true, ...placeOf(team, message), ts: world.newTs() };
      if (told) world.tell(team, { type: "message", subtype: "message_changed", ...change });
    },
  };
  for (const [index, team] of (options.teams ?? [{}]).entries()) {
    const made = makeTeam(team, index + 1, ALL_SCOPES);
    world.teams.set(made.id, made);
  }
  return world;
}

async function readBody(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Error("too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The server of everything under slack.com. */
function serve(world: World, answerApi: ReturnType<typeof createWebApi>): Server {
  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await readBody(req);
    const { pathname: path, search } = new URL(req.url ?? "/", world.origin);
    if (/xox|xapp/.test(search)) world.faults.push(`a token stands in the address of ${path}`);
    if (path.startsWith("/api/")) answerApi(req, res, { method: path.slice("/api/".length), body: body.toString() });
    else if (!answerPage(world, req, res, body)) {
      world.faults.push(`${req.method} ${path} is no page of ours`);
      res.writeHead(404).end();
    }
  }

  return createServer((req, res) => {
    answer(req, res).catch((error: unknown) => {
      // A caller that gave up before its request was whole is no fault of anybody.
      if (!req.complete) return;
      world.faults.push(`${req.method} ${req.url}: ${error instanceof Error ? error.stack : String(error)}`);
      res.destroy();
    });
  });
}

/** How the app is reached; where its server listens comes later. */
const addressOf = (options: FakeSlackOptions): AppAddress => ({
  transport: options.transport ?? "http",
  url: undefined,
  paths: {
    events: "/slack/events",
    interactions: "/slack/interactions",
    commands: "/slack/commands",
    ...options.paths,
  },
  retryDelaysMs: options.retryDelaysMs ?? [200, 1000, 3000],
});

/** What stands in a channel outside threads, or in a thread with its first message; in order, ephemeral ones too. */
const messagesIn = (world: World, channel: string, threadTs?: string): FakeMessage[] =>
  [...world.teams.values()]
    .flatMap((one) => one.messages)
    .filter((one) => one.channel === channel && !one.deleted)
    .filter((one) =>
      threadTs === undefined ? one.threadTs === undefined : one.ts === threadTs || one.threadTs === threadTs,
    )
    .toSorted((a, b) => (a.ts < b.ts ? -1 : 1));

/**
 * Our own Slack on loopback. It enforces tokens, scopes, rate limits, sizes and the states of streams, and notes in
 * `faults` what real Slack or its users would suffer from; a test ends with `expect(slack.faults).toEqual([])`.
 */
export async function startFakeSlack(options: FakeSlackOptions = {}) {
  const world = makeWorld(options);
  const planned = createPlannedFaults();
  const limits = createLimits({
    messageIntervalMs: options.messageIntervalMs ?? 1000,
    perMinute: options.perMinute ?? {},
  });
  const server = serve(world, createWebApi({ world, limits, planned }));
  const socket = openSocketMode(server, world);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  world.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  world.apiUrl = `${world.origin}/api/`;

  const address = addressOf(options);
  const posting = createPosting(world, address, socket);
  const subscribed = options.events ? new Set([...options.events, "tokens_revoked", "app_uninstalled"]) : undefined;
  const people = createPeople(world, posting, subscribed);
  world.tell = people.tell;
  const team = (index = 0): FakeTeam => [...world.teams.values()][index] as FakeTeam;

  return {
    url: world.origin,
    apiUrl: world.apiUrl,
    signingSecret: world.signingSecret,
    clientId: world.clientId,
    clientSecret: world.clientSecret,
    appToken: world.appToken,
    appId: world.appId,
    teams: world.teams,
    team,
    calls: world.calls,
    faults: world.faults,
    pings: world.pings,
    views: world.views,
    callsOf: (method: string) => world.calls.filter((call) => call.method === method),

    /** Where the app's server listens from now on; undefined: it is away. */
    connect: (url: string | undefined): void => void (address.url = url),
    /** Mistakes that the next fitting calls meet. */
    fail: planned.add,
    heal: planned.clear,

    ...createClicks(world, posting),
    say: people.say,
    react: people.react,
    edit: people.edit,
    uninstall: people.uninstall,
    /** An envelope again, in so many copies at once. */
    deliver: people.deliver,
    wrap: people.wrap,
    /** A signed request with any body, to any path. */
    post: posting.post,
    settled: people.settled,
    socket,

    /** The text of a message as a reader sees it. */
    shown,
    /** What stands in a channel outside threads, or in a thread with its first message; in order, ephemeral ones too. */
    messages: (channel: string, threadTs?: string): FakeMessage[] => messagesIn(world, channel, threadTs),

    async [Symbol.asyncDispose](): Promise<void> {
      posting.dispose();
      socket.dispose();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type FakeSlack = Awaited<ReturnType<typeof startFakeSlack>>;
