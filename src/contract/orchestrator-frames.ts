import { z } from "zod";
import { type Parsed, parseFrame } from "./parse-frame.ts";

/*
 * The text frames between a machine and its hub, one JSON object each. Unknown fields are ignored by both ends, which is
 * how the extension of docs/orchestrator-protocol.md gets by with older peers.
 */

/** What we send in one frame, text or binary, except an answer to a hub that knows no tunnel. */
export const MAX_SENT_FRAME_BYTES = 1024 * 1024;
export const MAX_HEADERS = 200;

/** Hub and machine speak the tunnel of `orchestrator-tunnel.ts`, with its signed identities. */
export const TUNNEL_CAPABILITY = "tunnel-1";
/** The machine may send `report` frames: its warnings and errors. */
export const REPORTS_CAPABILITY = "reports-1";

const Id = z.string().min(1).max(200);
const Name = z.string().max(500);
/** Absent, null and empty mean the same to one end or the other. */
const maybe = <T extends z.ZodType>(shape: T) => shape.nullish();
const Capabilities = maybe(z.array(z.string().max(50)).max(50));

export const MachineStatus = z.enum(["idle", "active", "busy"]);
export type MachineStatus = z.infer<typeof MachineStatus>;

/** Name and value; never an object, because names come more than once. */
export const HeaderPairs = z.array(z.tuple([z.string().min(1).max(256), z.string().max(32 * 1024)])).max(MAX_HEADERS);
export type HeaderPairs = z.infer<typeof HeaderPairs>;

/** Who a hub says is asking: a JWT it signed, and the user's GitHub token where the hub hands it on. */
const identityFields = {
  identity: maybe(z.string().max(8192)),
  github_token: maybe(z.string().max(1024)),
};

const Metadata = z.object({
  hostname: maybe(Name),
  project: maybe(z.string().max(4096)),
  status: maybe(z.enum(["idle", "active", "busy", "disconnected"])),
  last_activity: maybe(Name),
  callback_url: maybe(z.string().max(2048)),
  version: maybe(Name),
  platform: maybe(Name),
  ip_address: maybe(Name),
  country: maybe(Name),
  city: maybe(Name),
  region: maybe(Name),
  capabilities: Capabilities,
});

const Register = z.object({
  type: z.literal("register"),
  client_id: Id,
  user_token: maybe(z.string().max(1024)),
  metadata: Metadata,
});
/** Far beyond what one machine can run, and small enough that sums over many stay exact. */
export const MAX_TOTAL = 1_000_000;
const Total = z.int().min(0).max(MAX_TOTAL);

/** Runs that are on and that are desired, over all workspaces of a machine. */
export const OrchestrationTotals = z.object({ running: Total, desired: Total });
export type OrchestrationTotals = z.infer<typeof OrchestrationTotals>;

const StatusUpdate = z.object({
  type: z.literal("status_update"),
  client_id: Id,
  status: z.enum(["idle", "active", "busy", "disconnected"]),
  /** Ours; older ends neither send nor read it. What is no such count is left out, and the status holds all the same. */
  orchestration: maybe(OrchestrationTotals).catch(undefined),
});
const Ping = z.object({ type: z.literal("ping"), client_id: maybe(Id), pending_id: maybe(Id) });
const ResponseChunk = z.object({ type: z.literal("response_chunk"), request_id: Id, data: z.unknown().optional() });
const ResponseComplete = z.object({
  type: z.literal("response_complete"),
  request_id: Id,
  data: z.unknown().optional(),
});
const MachineError = z.object({
  type: z.literal("error"),
  message: z.string(),
  request_id: maybe(Id),
  auth_error: maybe(z.boolean()),
});
const HttpProxyResponse = z.object({
  type: z.literal("http_proxy_response"),
  request_id: Id,
  status: z.int().min(100).max(599),
  headers: HeaderPairs,
  body: z.string(),
});
const PendingRegister = z.object({
  type: z.literal("pending_register"),
  pending_id: Id,
  hostname: Name,
  project: z.string().max(4096),
  platform: Name,
  /** Shown at both ends, so that a person claims the machine meant. */
  code: maybe(z.string().regex(/^[0-9A-Z]{4}-[0-9A-Z]{4}$/u)),
});
const Report = z.object({
  type: z.literal("report"),
  client_id: Id,
  level: z.enum(["warning", "error"]),
  message: z.string().max(2000),
  at: z.iso.datetime(),
});

/** What a machine says, on `/ws/connect` and `/ws/pending`. */
const MACHINE_FRAMES = {
  register: Register,
  status_update: StatusUpdate,
  ping: Ping,
  response_chunk: ResponseChunk,
  response_complete: ResponseComplete,
  error: MachineError,
  http_proxy_response: HttpProxyResponse,
  pending_register: PendingRegister,
  report: Report,
} as const;
export type MachineFrame = z.output<(typeof MACHINE_FRAMES)[keyof typeof MACHINE_FRAMES]>;

/** The public half of a hub's signing key, Ed25519 as a JWK. */
export const IdentityKey = z.object({
  kty: z.literal("OKP"),
  crv: z.literal("Ed25519"),
  x: z.string().regex(/^[\w-]{43}$/u),
  kid: z.string().min(1).max(100),
});
export type IdentityKey = z.infer<typeof IdentityKey>;

const Registered = z.object({
  type: z.literal("registered"),
  success: z.boolean(),
  message: maybe(z.string()),
  /** Those of the machine's that this hub will use. */
  capabilities: Capabilities,
  identity_keys: maybe(z.array(IdentityKey).max(5)),
});
const Pong = z.object({ type: z.literal("pong"), client_id: maybe(Id), pending_id: maybe(Id) });
const HubError = z.object({ type: z.literal("error"), message: z.string(), request_id: maybe(Id) });
const Command = z.object({ type: z.literal("command"), command: z.string().min(1).max(100) });
const UserRequest = z.object({
  type: z.literal("user_request"),
  request_id: Id,
  action: z.string().min(1).max(100),
  payload: z.unknown().optional(),
  ...identityFields,
});
const UserRequestFollowUp = z.object({
  type: z.literal("user_request_follow_up"),
  request_id: Id,
  payload: z.unknown().optional(),
});
const HttpProxyRequest = z.object({
  type: z.literal("http_proxy_request"),
  request_id: Id,
  method: z.string().regex(/^[A-Z]{1,20}$/u),
  path: z
    .string()
    .max(8192)
    .regex(/^\/[^\s#?\\]*$/u),
  query: maybe(
    z
      .string()
      .max(8192)
      .regex(/^[^\s#]*$/u),
  ),
  headers: HeaderPairs,
  body: maybe(z.string()),
  proxy_base: maybe(z.string().max(500)),
  ...identityFields,
});
const PendingRegistered = z.object({
  type: z.literal("pending_registered"),
  success: z.boolean(),
  pending_id: maybe(Id),
  message: maybe(z.string()),
});
const TokenGranted = z.object({
  type: z.literal("token_granted"),
  pending_id: maybe(Id),
  token: z.string().min(1).max(500),
  client_id: maybe(Id),
});
const AuthorizationDenied = z.object({ type: z.literal("authorization_denied"), reason: maybe(z.string()) });
const AuthorizationTimeout = z.object({ type: z.literal("authorization_timeout"), message: maybe(z.string()) });

/** What a hub says to a machine. */
const HUB_FRAMES = {
  registered: Registered,
  pong: Pong,
  error: HubError,
  command: Command,
  user_request: UserRequest,
  user_request_follow_up: UserRequestFollowUp,
  http_proxy_request: HttpProxyRequest,
  pending_registered: PendingRegistered,
  token_granted: TokenGranted,
  authorization_denied: AuthorizationDenied,
  authorization_timeout: AuthorizationTimeout,
} as const;
export type HubFrame = z.output<(typeof HUB_FRAMES)[keyof typeof HUB_FRAMES]>;
export type HttpProxyRequest = z.output<typeof HttpProxyRequest>;
export type UserRequest = z.output<typeof UserRequest>;
export type HttpProxyResponse = z.output<typeof HttpProxyResponse>;

/** Never throws, whatever the other end sent. */
export const parseMachineFrame = (text: string): Parsed<MachineFrame> =>
  parseFrame(text, MACHINE_FRAMES) as Parsed<MachineFrame>;
export const parseHubFrame = (text: string): Parsed<HubFrame> => parseFrame(text, HUB_FRAMES) as Parsed<HubFrame>;
