import { z } from "zod";
import { safeParse } from "./safe-parse.ts";

/** Of one text frame in either direction; a longer one is not even parsed. Older machines answer with large files in one. */
export const MAX_TEXT_FRAME_BYTES = 32 * 1024 * 1024;
/** Of objects and lists in each other. What is handed on is written as JSON again, which gives up at some thousands. */
const MAX_DEPTH = 100;

/**
 * A frame, or why it is none. `type` and `requestId` are there whenever they could be read, so that a request that is
 * wrong in some other field can still be answered.
 */
export type Parsed<Frame> =
  | { ok: true; frame: Frame }
  | {
      ok: false;
      reason: "too_large" | "not_json" | "no_frame" | "unknown_type" | "invalid";
      message: string;
      type?: string;
      requestId?: string;
    };

const Id = z.string().min(1).max(200);
const Head = z.object({ type: z.string().max(100), request_id: z.unknown().optional() });

/** One text frame, by the shape of its type. Never throws, whatever the other end sent. */
export function parseFrame(text: string, shapes: Readonly<Record<string, z.ZodType>>): Parsed<unknown> {
  // A character is a byte or more, so this refuses nothing that is short enough.
  if (text.length > MAX_TEXT_FRAME_BYTES) return { ok: false, reason: "too_large", message: "The frame is too large" };
  const value = parseJson(text);
  if (value === undefined) return { ok: false, reason: "not_json", message: "The frame is not JSON" };
  const head = safeParse(Head, value).data;
  if (!head) return { ok: false, reason: "no_frame", message: "The frame has no type" };
  const { type } = head;
  const requestId = safeParse(Id, head.request_id).data;
  const known = { type, ...(requestId !== undefined && { requestId }) };
  const shape = Object.hasOwn(shapes, type) ? shapes[type] : undefined;
  if (!shape) return { ok: false, reason: "unknown_type", message: "The type of the frame is not known", ...known };
  if (isDeeperThan(MAX_DEPTH, value))
    return { ok: false, reason: "invalid", message: `${type}: is nested too deeply`, ...known };
  const { success, data, error } = safeParse(shape, value);
  if (success) return { ok: true, frame: data };
  return { ok: false, reason: "invalid", message: `${type}: ${faultOf(error)}`, ...known };
}

const isDeeperThan = (most: number, value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  (most === 0 || Object.values(value).some((inner) => isDeeperThan(most - 1, inner)));

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Names the field and the rule, never the value: that may be a secret. */
function faultOf({ issues: [issue] }: { issues: z.core.$ZodIssue[] }): string {
  return issue ? `${issue.path.join(".")} ${issue.message}`.trim().slice(0, 300) : "is not valid";
}
