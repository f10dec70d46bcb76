import type { FakeMessage, Json } from "./state.ts";

const textOf = (value: unknown): string => {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null && "text" in value && typeof value.text === "string")
    return value.text;
  return "";
};

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

/** What a block shows as text; buttons in square brackets. */
function blockText(block: Json): string {
  switch (block["type"]) {
    case "section":
      return [textOf(block["text"]), ...listOf(block["fields"]).map(textOf), elementText(block["accessory"])]
        .filter((part) => part !== "")
        .join("\n");
    case "actions":
      return listOf(block["elements"]).map(elementText).join(" ");
    case "context":
      return listOf(block["elements"]).map(textOf).join(" ");
    case "rich_text":
      return richText(block);
    case "divider":
      return "---";
    default:
      return textOf(block["text"]);
  }
}

function elementText(element: unknown): string {
  if (typeof element !== "object" || element === null) return "";
  const { text, placeholder, type } = element as Json;
  if (type === "button") return `[${textOf(text)}]`;
  return placeholder === undefined ? "" : `[${textOf(placeholder)}…]`;
}

const richText = (part: Json): string =>
  Array.isArray(part["elements"]) ? listOf(part["elements"]).map(richText).join("") : textOf(part["text"]);

/** The message as a reader sees it: blocks win over text; what a stream brought stands above its blocks. */
export function shown(message: FakeMessage): string {
  if (message.deleted) return "";
  const tasks = [...message.tasks.values()].map((task) => `(${String(task["status"])}) ${String(task["title"])}`);
  const head = message.planTitle === undefined ? tasks : [message.planTitle, ...tasks];
  const body =
    message.markdown === "" && message.blocks.length === 0
      ? [message.text]
      : [message.markdown, ...message.blocks.map(blockText)];
  const files = message.files.map((file) => `<file ${file.name}>`);
  return [...head, ...body, ...files].filter((part) => part !== "").join("\n");
}

/** All text of a message that Slack reads markup in: where a mention would ping somebody. */
export const markupOf = (message: FakeMessage): string =>
  [message.text, message.markdown, JSON.stringify(message.blocks), JSON.stringify([...message.tasks.values()])].join(
    "\n",
  );

/** Everybody a text would ping: `!channel`, `!here`, `!everyone`, groups and people. */
export const pingsIn = (text: string): string[] =>
  [...text.matchAll(/<(!(?:channel|here|everyone)|!subteam\^\w+|@[UW]\w+)(?:\|[^>]*)?>/g)].map(
    (match) => match[1] ?? "",
  );

/** The Markdown texts of a message, each of which Slack renders by itself. */
export const markdownParts = (message: FakeMessage): string[] =>
  [
    message.markdown,
    ...message.blocks.filter(({ type }) => type === "markdown").map(({ text }) => textOf(text)),
  ].filter((part) => part !== "");

/** The marks of the fence that is open after a line. */
function fenceAfter(open: string | undefined, line: string): string | undefined {
  const fence = /^ {0,3}(`{3,}|~{3,})(.*)$/.exec(line);
  if (!fence) return open;
  const [, marks = "", info = ""] = fence;
  if (open === undefined) return marks.startsWith("`") && info.includes("`") ? undefined : marks;
  const closes = marks[0] === open[0] && marks.length >= open.length && info.trim() === "";
  return closes ? undefined : open;
}

/** Whether a fence that a text opens is closed in the same text. */
export function fencesBalance(text: string): boolean {
  let open: string | undefined;
  for (const line of text.split("\n")) open = fenceAfter(open, line);
  return open === undefined;
}
