import { z } from "zod";

export const Health = z
  .object({
    status: z.enum(["ok", "degraded"]),
    uptimeSeconds: z.int(),
    database: z.enum(["ok", "down"]),
    version: z.string(),
  })
  .meta({ id: "Health" });
export type Health = z.infer<typeof Health>;

export const Ready = z.object({ ready: z.boolean(), database: z.enum(["ok", "down"]) }).meta({ id: "Ready" });
export type Ready = z.infer<typeof Ready>;

export const Version = z
  .object({
    name: z.string(),
    version: z.string(),
    node: z.string(),
    database: z.object({ kind: z.enum(["embedded", "external"]), version: z.string() }),
    claude: z.object({
      command: z.string().nullable(),
      version: z.string().nullable(),
      pinned: z.string(),
      floor: z.string(),
      state: z.enum(["tested", "untested", "unsupported", "missing"]),
    }),
  })
  .meta({ id: "Version" });
export type Version = z.infer<typeof Version>;

/** How this machine stands with its hub. */
export const HubConnection = z
  .object({
    url: z.string(),
    state: z.enum(["connecting", "pending", "connected", "waiting", "away"]).meta({
      description:
        "pending: waiting to be claimed. waiting: until the next try to connect. away: sent away by the hub, until a restart.",
    }),
    since: z.iso.datetime(),
    clientId: z.string(),
    claimCode: z.string().nullable().meta({ description: "What the hub shows of a machine that waits to be claimed." }),
    message: z.string().nullable().meta({ description: "Why it is not connected." }),
  })
  .meta({ id: "HubConnection" });
export type HubConnection = z.infer<typeof HubConnection>;

/** What the dashboard's status line and first-start page show. */
export const SystemStatus = z
  .object({
    workerId: z.string(),
    slots: z.object({ busy: z.int(), total: z.int() }),
    queued: z.int(),
    waiting: z.int(),
    costTodayUsd: z.number(),
    signIn: z.enum(["none", "key"]).meta({ description: "Whether this dashboard had to sign in." }),
    publicUrl: z.string(),
    claude: Version.shape.claude,
    projectRoots: z.array(z.string()),
    defaults: z.object({ permissionMode: z.string(), timeoutSeconds: z.int(), bypassAllowed: z.boolean() }),
    hooksReceived: z.int().meta({ description: "Hook posts taken in since the start." }),
    hub: HubConnection.nullable().meta({ description: "null: this server is no machine of a hub." }),
  })
  .meta({ id: "SystemStatus" });
export type SystemStatus = z.infer<typeof SystemStatus>;

export const SignIn = z.object({ apiKey: z.string().min(1).max(500) }).meta({ id: "SignIn" });
export type SignIn = z.infer<typeof SignIn>;
