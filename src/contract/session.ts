import { z } from "zod";
import { JsonSchema } from "./json-schema.ts";
import { Page } from "./page.ts";

export const SessionStatus = z.enum([
  "created",
  "queued",
  "running",
  "waiting",
  "completed",
  "failed",
  "cancelled",
  "archived",
]);
export type SessionStatus = z.infer<typeof SessionStatus>;

export const ProjectType = z.enum(["github", "local", "worktree"], {
  error: ({ input }) => (input === "e2b" ? "e2b is not available in this version" : undefined),
});
export type ProjectType = z.infer<typeof ProjectType>;

/** The door a session or message came through. */
export const Source = z.enum([
  "api",
  "dashboard",
  "cli",
  "mcp",
  "slack",
  "email",
  "n8n",
  "schedule",
  "github",
  "hub",
  "claude",
]);
export type Source = z.infer<typeof Source>;

export const PermissionMode = z.enum(["default", "acceptEdits", "plan", "dontAsk", "bypassPermissions"]);
export type PermissionMode = z.infer<typeof PermissionMode>;

/** A rule of Claude's permission language, such as `Bash(git *)` or `Write`. */
const ToolRule = z.string().trim().min(1).max(500).regex(/^[^-]/, "must not begin with a dash");

/** What a caller may set about how Claude works; kept on the session, used by each of its runs. */
export const ClaudeOptions = z.object({
  model: z.string().trim().min(1).max(200).regex(/^[^-]/, "must not begin with a dash").optional(),
  permissionMode: PermissionMode.optional(),
  allowedTools: z.array(ToolRule).max(100).optional(),
  disallowedTools: z.array(ToolRule).max(100).optional(),
  maxTurns: z.int().min(1).max(10_000).optional(),
  maxBudgetUsd: z.number().positive().max(100_000).optional().meta({ description: "What one run may cost." }),
  sessionBudgetUsd: z.number().positive().max(1_000_000).optional().meta({
    description:
      "What all runs of the session may cost together; when it is spent, the next run waits until it is raised.",
  }),
  timeoutSeconds: z.int().min(1).max(82_800).optional(),
  appendSystemPrompt: z.string().max(100_000).optional(),
});
export type ClaudeOptions = z.infer<typeof ClaudeOptions>;

/** A branch or tag name that git accepts and no command line mistakes for an option. */
const Branch = z
  .string()
  .trim()
  .min(1)
  .max(250)
  .regex(
    /^(?![-/.])(?!.*(?:\.\.|@\{|\/\/|\.lock$|[/.]$))[^\s~^:?*[\\\u0000-\u001f\u007f]+$/u,
    "must be a git branch name",
  );

export const Tag = z.string().trim().min(1).max(64);
export const Metadata = z.record(z.string().max(200), z.json());
export const Prompt = z.string().min(1).max(1_000_000).regex(/\S/u, "must not be blank");

/** Where a run's end may be told. Which URLs are allowed is a matter of the server's configuration. */
export const CallbackUrl = z.string().trim().max(2048).meta({
  description:
    "Called once, by a signed POST, when the run ends. http or https, below OUTBOUND_URLS or N8N_WEBHOOK_BASE; with neither set, on this machine only.",
  example: "http://127.0.0.1:5678/webhook-waiting/1",
});

/** Before a caller gives up waiting for a callback. */
export const CallbackDeadline = z.int().min(10).max(604_800).meta({
  description:
    "Seconds from now by which the callback is wanted: if the run has not ended shortly before, `callbackUrl` is told so (run.still_running), once, and not again.",
});

export const CreateSession = z
  .object({
    projectType: ProjectType.meta({
      description: "Where Claude works: a clone, the folder itself, or a git worktree of it.",
    }),
    githubRepo: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .optional()
      .meta({ description: "`owner/repo` or a git URL; required for projectType github.", example: "owner/repo" }),
    projectPath: z
      .string()
      .min(1)
      .max(4096)
      .optional()
      .meta({ description: "Absolute folder on the server; required for projectType local and worktree." }),
    branch: Branch.optional().meta({ description: "The branch to start from; the remote's default when absent." }),
    initialPrompt: Prompt.optional().meta({
      description: "The first message. Without it nothing runs until a message is posted.",
    }),
    title: z.string().trim().min(1).max(200).optional(),
    tags: z.array(Tag).max(50).default([]),
    slackChannel: z.string().trim().min(1).max(100).optional(),
    callbackUrl: CallbackUrl.optional(),
    callbackDeadlineSeconds: CallbackDeadline.optional(),
    jsonSchema: JsonSchema.optional(),
    metadata: Metadata.default({}),
    author: z.string().trim().min(1).max(200).optional().meta({ description: "Who asks, for a person." }),
    source: Source.default("api").meta({
      description:
        "The door it came through. Text of api, dashboard, cli and schedule goes to Claude as typed; other text is made inert.",
    }),
    ...ClaudeOptions.shape,
  })
  .meta({ id: "CreateSession" });
export type CreateSession = z.infer<typeof CreateSession>;

/** Why nothing runs right now although something should, and until when. */
export const WaitingFor = z
  .object({
    kind: z.enum(["slot", "workspace", "retry", "limit", "person", "memory", "budget", "disk", "desired"]),
    text: z.string(),
    until: z.iso.datetime().nullable(),
  })
  .meta({ id: "WaitingFor" });
export type WaitingFor = z.infer<typeof WaitingFor>;

export const Session = z
  .object({
    sessionId: z.uuid(),
    id: z.uuid().meta({ description: "The same as sessionId." }),
    title: z.string(),
    status: SessionStatus,
    waitingFor: WaitingFor.nullable(),
    projectType: ProjectType,
    githubRepo: z.string().nullable(),
    projectPath: z.string().nullable(),
    workspacePath: z.string().nullable(),
    branch: z.string().nullable().meta({ description: "The branch the session started from." }),
    workBranch: z.string().nullable().meta({ description: "The branch Claude works on, `claude/<short id>`." }),
    claudeSessionId: z.string().nullable(),
    resumeCommand: z
      .string()
      .nullable()
      .meta({ description: "A shell command that continues the conversation by hand in the workspace." }),
    observed: z.boolean().meta({ description: "Claude was started by a person; we only hear its hooks." }),
    source: Source,
    tags: z.array(z.string()),
    slackChannel: z.string().nullable(),
    metadata: Metadata,
    options: ClaudeOptions,
    activity: z.string().nullable().meta({ description: "The latest thing that happened, in one line." }),
    costUsd: z.number(),
    runCount: z.int(),
    lastReason: z.string().nullable().meta({ description: "How the last finished run ended." }),
    lastSeq: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    archivedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "Session" });
export type Session = z.infer<typeof Session>;

/** A session that was just made, and the run of its first message. */
export const StartedSession = Session.extend({ runId: z.uuid().nullable() }).meta({ id: "StartedSession" });
export type StartedSession = z.infer<typeof StartedSession>;

export const SessionPage = Page(Session).meta({ id: "SessionPage" });

/** A query value that may be given once or several times. */
export const SessionFilter = z.object({
  status: z
    .string()
    .optional()
    .transform((text) => text?.split(","))
    .pipe(z.array(SessionStatus).optional())
    .meta({ description: "One status, or several with commas between." }),
  projectType: ProjectType.optional().meta({ description: "Only those that work in such a place." }),
  source: Source.optional().meta({ description: "Only those that came through this door." }),
  tag: Tag.optional().meta({ description: "Only those with this tag." }),
  thread: z.string().max(200).optional().meta({ description: "A Slack thread, `channel:ts` or the ts alone." }),
  q: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .optional()
    .meta({ description: "Words in the title, the messages and the tool input." }),
});
export type SessionFilter = z.infer<typeof SessionFilter>;

export const UpdateSession = z
  .object({
    status: SessionStatus.optional(),
    claudeSessionId: z.uuid().optional(),
    title: z.string().trim().min(1).max(200).optional(),
    tags: z.array(Tag).max(50).optional(),
    metadata: Metadata.optional(),
    ...ClaudeOptions.shape,
  })
  .refine((body) => Object.keys(body).length > 0, "must change something")
  .meta({ id: "UpdateSession" });
export type UpdateSession = z.infer<typeof UpdateSession>;
