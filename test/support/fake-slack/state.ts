/** What our own Slack remembers: workspaces, their people, channels and messages. */
export type Json = Record<string, unknown>;

/** A value of a form or of JSON as text; what is no plain value is none. */
export const asText = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";

export interface FakeUser {
  id: string;
  name: string;
  /** The workspace the account belongs to; another than where it is seen: somebody of Slack Connect. */
  teamId: string;
  isBot?: boolean;
  /** A guest (multi-channel), or one of a single channel. */
  isRestricted?: boolean;
  isUltraRestricted?: boolean;
  deleted?: boolean;
}

export interface FakeChannel {
  id: string;
  name: string;
  kind: "channel" | "group" | "im" | "mpim";
  members: Set<string>;
  archived: boolean;
  /** Shared with another organisation. */
  shared: boolean;
}

export interface FakeFile {
  id: string;
  name: string;
  title: string;
  mimetype: string;
  content: Buffer;
  user: string;
  /** What the receiver is told; may differ from `content` in tests of lying sizes. */
  size: number;
  /** In Slack Connect channels the event carries the id only. */
  checkInfo: boolean;
}

export interface FakeMessage {
  team: string;
  channel: string;
  ts: string;
  threadTs: string | undefined;
  user: string;
  botId: string | undefined;
  text: string;
  blocks: Json[];
  /** Given as markdown_text, or what a stream brought. */
  markdown: string;
  /** task_update chunks of a stream by their id; the last title and status count, details are appended. */
  tasks: Map<string, Json>;
  planTitle: string | undefined;
  files: FakeFile[];
  metadata: Json | undefined;
  reactions: Map<string, Set<string>>;
  /** How often it was changed by chat.update. */
  edits: number;
  deleted: boolean;
  /** "never": an ordinary message. */
  stream: "never" | "open" | "stopped" | "expired";
  startedAt: number;
  appendedAt: number;
  appends: number;
  /** Only this user sees it. */
  ephemeralTo: string | undefined;
  /** When each state of it came to be, and what a reader saw then. */
  history: { at: number; shown: string }[];
}

export interface FakeTeam {
  id: string;
  name: string;
  botToken: string;
  botUserId: string;
  botId: string;
  /** false: the app was removed, the token is dead. */
  installed: boolean;
  scopes: string[];
  /** Whether chat.startStream and its like exist here; a text is the error they answer. */
  streaming: true | string;
  users: Map<string, FakeUser>;
  channels: Map<string, FakeChannel>;
  messages: FakeMessage[];
  files: Map<string, FakeFile>;
}

export interface TeamOptions {
  id?: string;
  name?: string;
  installed?: boolean;
  streaming?: true | string;
  /** Granted to the bot; by default all there are. */
  scopes?: string[];
}

/** The people and channels every workspace has at first; ids are the same in all but for the team's digit. */
export function makeTeam(options: TeamOptions, nth: number, allScopes: readonly string[]): FakeTeam {
  const id = options.id ?? `T000000000${nth}`;
  const own = (name: string) => `${name}${nth}`;
  const person = (name: string, more: Partial<FakeUser> = {}): [string, FakeUser] => [
    own(`U${name.toUpperCase()}`),
    { id: own(`U${name.toUpperCase()}`), name, teamId: id, ...more },
  ];
  const users = new Map([
    person("alice"),
    person("bob"),
    person("guest", { isRestricted: true }),
    person("single", { isUltraRestricted: true }),
    person("stranger", { teamId: "T0STRANGE00" }),
    person("orchbot", { isBot: true }),
    person("otherbot", { isBot: true }),
  ]);
  const everyone = [...users.keys()];
  const channel = (name: string, kind: FakeChannel["kind"], shared = false): [string, FakeChannel] => {
    const letter = kind === "im" ? "D" : kind === "group" ? "G" : "C";
    const channelId = own(`${letter}${name.toUpperCase()}`);
    return [channelId, { id: channelId, name, kind, members: new Set(everyone), archived: false, shared }];
  };
  return {
    id,
    name: options.name ?? `Workspace ${nth}`,
    botToken: `xoxb-${nth}-fake-${"0".repeat(24)}`,
    botUserId: own("UORCHBOT"),
    botId: own("BORCHBOT"),
    installed: options.installed ?? true,
    scopes: [...(options.scopes ?? allScopes)],
    streaming: options.streaming ?? true,
    users,
    channels: new Map([
      channel("general", "channel"),
      channel("repo", "channel"),
      channel("secret", "group"),
      channel("shared", "channel", true),
      channel("alice", "im"),
      channel("guest", "im"),
    ]),
    messages: [],
    files: new Map(),
  };
}

export type NewMessage = Pick<FakeMessage, "channel" | "ts" | "user"> & Partial<FakeMessage>;

export function makeMessage(team: FakeTeam, given: NewMessage, at: number): FakeMessage {
  return {
    team: team.id,
    threadTs: undefined,
    botId: undefined,
    text: "",
    blocks: [],
    markdown: "",
    tasks: new Map(),
    planTitle: undefined,
    files: [],
    metadata: undefined,
    reactions: new Map(),
    edits: 0,
    deleted: false,
    stream: "never",
    startedAt: at,
    appendedAt: at,
    appends: 0,
    ephemeralTo: undefined,
    history: [],
    ...given,
  };
}
