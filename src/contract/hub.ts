import { z } from "zod";

/*
 * What the hub answers. Its routes were given by others, so they keep their spelling (snake_case) and envelopes.
 */

const Time = z.iso.datetime();

/** Who looks at the hub. */
export const HubViewer = z.object({
  id: z.string(),
  login: z.string(),
  /** The one user of a hub that asks nobody to sign in. */
  is_local: z.boolean(),
  /** What machines may be shared with: lower case, teams as org/slug. */
  orgs: z.array(z.string()),
  teams: z.array(z.string()),
  /** Where machines connect to. */
  machine_url: z.string(),
});

export const HubShare = z.object({ kind: z.enum(["org", "team"]), name: z.string().min(1).max(200) });

const Counts = z.object({ running: z.int(), desired: z.int() });

export const HubMachine = z.object({
  /** Also its DNS label below the hub's host. */
  id: z.string(),
  /** What it calls itself. */
  client_id: z.string(),
  user_id: z.string(),
  owner: z.string(),
  /** Of the one who asks; else it is shared with them. */
  is_mine: z.boolean(),
  is_connected: z.boolean(),
  metadata: z.object({
    hostname: z.string(),
    project: z.string(),
    status: z.enum(["idle", "active", "busy", "disconnected"]),
    last_activity: Time.nullable(),
    version: z.string().nullable(),
    platform: z.string().nullable(),
    callback_url: z.string().nullable(),
    /** What its workspaces run and should run; null when it is not connected or does not say. */
    orchestration: Counts.nullable(),
  }),
  capabilities: z.array(z.string()),
  shares: z.array(HubShare),
  /** Where to open it in a browser. */
  url: z.string(),
  first_seen: Time,
  connected_at: Time.nullable(),
  last_seen: Time,
});
export type HubMachine = z.infer<typeof HubMachine>;

export const HubMachines = z.object({
  clients: z.array(HubMachine),
  /** Over one's own machines that are connected. */
  totals: Counts,
});

export const HubMachineEvent = z.object({
  id: z.int(),
  at: Time,
  kind: z.enum(["connected", "status", "disconnected", "warning", "error", "command"]),
  text: z.string(),
  by: z.string().nullable(),
});

export const HubToken = z.object({
  id: z.string(),
  name: z.string(),
  created_at: Time,
  last_used: Time.nullable(),
  expires_at: Time.nullable(),
  is_revoked: z.boolean(),
});

export const HubPendingMachine = z.object({
  id: z.string(),
  hostname: z.string(),
  project: z.string(),
  platform: z.string(),
  /** Shown at the machine too. */
  code: z.string().nullable(),
  created_at: Time,
});

export const HubWsInfo = z.union([
  z.object({
    client_id: z.string(),
    ws_base: z.string(),
    callback_url: z.string(),
    is_local: z.boolean(),
    status: z.string(),
  }),
  z.object({ error: z.string(), client_id: z.string() }),
]);

/** What a browser says on `/ws/connect?type=browser`. */
export const BrowserFrame = z.discriminatedUnion("type", [
  z.object({ type: z.literal("get_clients") }),
  z.object({ type: z.literal("ping") }),
  z.object({ type: z.literal("connect_client"), client_id: z.string().max(200) }),
  z.object({
    type: z.literal("forward_to_client"),
    client_id: z.string().max(200),
    request_id: z.string().min(1).max(200),
    action: z.string().min(1).max(100),
    payload: z.unknown().optional(),
  }),
]);
export type BrowserFrame = z.infer<typeof BrowserFrame>;
