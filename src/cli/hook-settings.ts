import { AppError } from "../lib/errors.ts";

export interface HookTarget {
  /** Letter for letter the URL our runs post to: then Claude posts a hook that both name only once. */
  url: string;
  /** An API key of the server, for one that is not on this machine. */
  token?: string | undefined;
}

type Settings = Record<string, unknown>;
type Groups = readonly unknown[];

/**
 * The events whose hooks are of use here. SessionStart and Setup are never posted over HTTP. PostToolBatch tells of
 * calls that were refused, which have no event of their own.
 */
const EVENTS: readonly { event: string; matcher?: string }[] = [
  { event: "UserPromptSubmit" },
  { event: "PreToolUse", matcher: "*" },
  { event: "PostToolUse", matcher: "*" },
  { event: "PostToolUseFailure", matcher: "*" },
  { event: "PostToolBatch" },
  { event: "PermissionDenied", matcher: "*" },
  { event: "Notification" },
  { event: "SubagentStart" },
  { event: "SubagentStop" },
  { event: "PreCompact" },
  { event: "Stop" },
  { event: "StopFailure" },
  { event: "SessionEnd" },
];

/** Claude waits for the answer, which comes in milliseconds; a server that hangs must not hold it up. */
const TIMEOUT_SECONDS = 5;

const isObject = (value: unknown): value is Settings =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Claude's settings with our hooks in them, once; everything else stays as it is. */
export function addHooks(settings: Settings, target: HookTarget): Settings {
  const { hooks: kept, ...rest } = removeHooks(settings, target.url);
  const hook = {
    type: "http",
    url: target.url,
    timeout: TIMEOUT_SECONDS,
    ...(target.token !== undefined && { headers: { Authorization: `Bearer ${target.token}` } }),
  };
  const hooks: Settings = { ...groupsByEvent(kept) };
  for (const { event, matcher } of EVENTS) {
    const group = { ...(matcher !== undefined && { matcher }), hooks: [hook] };
    hooks[event] = [...groupsOf(hooks, event), group];
  }
  return "hooks" in settings ? { ...settings, ...rest, hooks } : { ...rest, hooks };
}

/** Claude's settings without the hooks that post to `url`; what becomes empty by that goes too. */
export function removeHooks(settings: Settings, url: string): Settings {
  if (settings["hooks"] === undefined) return settings;
  const before = groupsByEvent(settings["hooks"]);
  const after: [string, unknown][] = [];
  for (const event of Object.keys(before)) {
    const groups = groupsOf(before, event);
    const kept = groups.flatMap((group) => withoutUrl(group, url));
    if (kept.length > 0 || groups.length === 0) after.push([event, kept]);
  }
  const { hooks: _, ...rest } = settings;
  const emptied = after.length === 0 && Object.keys(before).length > 0;
  return emptied ? rest : { ...settings, hooks: Object.fromEntries(after) };
}

function withoutUrl(group: unknown, url: string): Groups {
  if (!isObject(group) || !Array.isArray(group["hooks"])) return [group];
  const hooks: readonly unknown[] = group["hooks"];
  const kept = hooks.filter((hook) => !(isObject(hook) && hook["type"] === "http" && hook["url"] === url));
  if (kept.length === hooks.length) return [group];
  return kept.length === 0 ? [] : [{ ...group, hooks: kept }];
}

function groupsByEvent(hooks: unknown): Settings {
  if (hooks === undefined) return {};
  if (!isObject(hooks)) throw new AppError("invalid", "hooks in the settings is not an object; correct it first");
  return hooks;
}

function groupsOf(hooks: Settings, event: string): Groups {
  const groups = hooks[event] ?? [];
  if (!Array.isArray(groups))
    throw new AppError("invalid", `hooks.${event} in the settings is not a list; correct it first`);
  return groups;
}

/** Reasons why Claude will not post although the hooks are there, for a person to read. */
export function warningsOf(settings: Settings, url: string): string[] {
  const warnings: string[] = [];
  if (settings["disableAllHooks"] === true) warnings.push("disableAllHooks is true: Claude runs no hooks at all");
  const allowed = settings["allowedHttpHookUrls"];
  if (Array.isArray(allowed) && !allowed.includes(url))
    warnings.push(`allowedHttpHookUrls does not name ${url}: Claude will not post there`);
  if (isObject(settings["hooks"]) && "postToolUse" in settings["hooks"])
    warnings.push("hooks.postToolUse is a shape that Claude Code does not read any more; it may go");
  return warnings;
}
