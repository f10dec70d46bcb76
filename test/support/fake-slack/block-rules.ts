import { SlackError } from "./slack-error.ts";
import type { Json } from "./state.ts";

const MAX_BLOCKS = 50;
const MAX_VIEW_BLOCKS = 100;
/** All markdown blocks of one message together. */
const MAX_MARKDOWN = 12_000;
/** All blocks of a message: undocumented, met in practice. */
const MAX_BLOCK_TEXT = 13_200;
const MAX_METADATA_BYTES = 8_000;

const KNOWN = new Set([
  "section", "markdown", "divider", "header", "context", "actions", "image", "input", "rich_text", "file", "video",
  "table", "plan", "task_card", "context_actions",
]); // prettier-ignore
const ELEMENTS = new Set([
  "button", "static_select", "external_select", "multi_static_select", "overflow", "datepicker", "checkboxes",
  "radio_buttons", "users_select", "conversations_select", "channels_select", "plain_text_input", "feedback_buttons",
  "icon_button", "image", "mrkdwn", "plain_text", "workflow_button",
]); // prettier-ignore

function bad(reason: string): never {
  throw new SlackError("invalid_blocks", { response_metadata: { messages: [`[ERROR] ${reason}`] } });
}

const objects = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

function length(value: unknown, what: string, limit: number, least = 1): number {
  if (typeof value !== "string") return bad(`${what} is missing or no text`);
  if (value.length < least) return bad(`${what} must be more than ${least - 1} characters`);
  if (value.length > limit) return bad(`${what} must be less than ${limit + 1} characters`);
  return value.length;
}

function textObject(value: unknown, what: string, limit: number): void {
  if (typeof value !== "object" || value === null) return bad(`${what} is missing`);
  const { type, text } = value as Json;
  if (type !== "plain_text" && type !== "mrkdwn") return bad(`${what} has no known type`);
  length(text, what, limit);
}

function plainText(value: unknown, what: string, limit: number): void {
  textObject(value, what, limit);
  if ((value as Json)["type"] !== "plain_text") bad(`${what} must be plain_text`);
}

function checkOption(option: Json): void {
  plainText(option["text"], "option text", 75);
  length(option["value"], "option value", 150);
}

function checkButton(button: Json): void {
  plainText(button["text"], "button text", 75);
  if (button["value"] !== undefined) length(button["value"], "button value", 2000);
  if (button["url"] !== undefined) length(button["url"], "button url", 3000);
  const { style } = button;
  if (style !== undefined && style !== "primary" && style !== "danger") bad("button style is unknown");
}

function checkElement(element: Json): void {
  const type = String(element["type"]);
  if (!ELEMENTS.has(type)) bad(`unknown element ${type}`);
  if (element["action_id"] !== undefined) length(element["action_id"], "action_id", 255);
  if (type === "button") checkButton(element);
  const options = objects(element["options"]);
  if (type.endsWith("static_select") && (options.length < 1 || options.length > 100) && !element["option_groups"])
    bad("a select has 1 to 100 options");
  options.forEach(checkOption);
}

function checkElements(block: Json, limit: number): void {
  const elements = objects(block["elements"]);
  if (elements.length < 1 || elements.length > limit) bad(`${String(block["type"])} has 1 to ${limit} elements`);
  elements.forEach(checkElement);
  const ids = elements.map((element) => element["action_id"]).filter((id) => id !== undefined);
  if (new Set(ids).size < ids.length) bad("action_id is not unique in its block");
}

function checkSection(block: Json): void {
  const fields = objects(block["fields"]);
  if (block["text"] === undefined && fields.length === 0) bad("a section has text or fields");
  if (block["text"] !== undefined) textObject(block["text"], "section text", 3000);
  if (fields.length > 10) bad("a section has at most 10 fields");
  fields.forEach((field) => textObject(field, "section field", 2000));
  if (block["accessory"] !== undefined) checkElement(block["accessory"] as Json);
}

function checkBlock(block: Json): void {
  const type = String(block["type"]);
  if (!KNOWN.has(type)) bad(`unsupported type: ${type}`);
  if (block["block_id"] !== undefined) length(block["block_id"], "block_id", 255);
  if (type === "section") checkSection(block);
  else if (type === "header") plainText(block["text"], "header text", 150);
  else if (type === "markdown") length(block["text"], "markdown text", MAX_MARKDOWN);
  else if (type === "context") checkElements(block, 10);
  else if (type === "actions") checkElements(block, 25);
}

/** Throws what Slack would answer to blocks like these. */
export function checkBlocks(blocks: Json[], most = MAX_BLOCKS): void {
  if (blocks.length > most) bad(`no more than ${most} items allowed`);
  blocks.forEach(checkBlock);
  const ids = blocks.map((block) => block["block_id"]).filter((id) => id !== undefined);
  if (new Set(ids).size < ids.length) bad("block_id is not unique");
  const markdown = blocks.filter(({ type }) => type === "markdown").map(({ text }) => String(text).length);
  if (markdown.reduce((sum, one) => sum + one, 0) > MAX_MARKDOWN) bad("markdown text is longer than 12,000 in all");
  if (JSON.stringify(blocks).length > MAX_BLOCK_TEXT + 200 * blocks.length) throw new SlackError("msg_blocks_too_long");
}

export function checkView(view: Json): void {
  if (view["type"] !== "modal" && view["type"] !== "home") bad("view type is unknown");
  if (view["type"] === "modal") plainText(view["title"], "view title", 24);
  if (view["private_metadata"] !== undefined) length(view["private_metadata"], "private_metadata", 3000, 0);
  if (view["callback_id"] !== undefined) length(view["callback_id"], "callback_id", 255, 0);
  checkBlocks(objects(view["blocks"]), MAX_VIEW_BLOCKS);
}

export function checkMetadata(metadata: Json | undefined): void {
  if (metadata === undefined) return;
  const { event_type: type, event_payload: payload } = metadata;
  if (typeof type !== "string" || typeof payload !== "object" || payload === null)
    throw new SlackError("invalid_metadata_format");
  if (JSON.stringify(metadata).length > MAX_METADATA_BYTES) throw new SlackError("metadata_too_large");
}
