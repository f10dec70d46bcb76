import type { Workflow, WorkflowNode } from "../test/support/n8n-workflows.ts";

const BOX = { width: 150, height: 62 };
const MARGIN = 24;
/** How wide a letter is on average, in notes and in names. */
const LETTER = { note: 6.3, name: 7.8 };
const LINE = 16;

/** What a node is, in a word, and its colour. */
const KINDS: readonly [types: RegExp, word: string, colour: string][] = [
  [/\.webhook$/u, "webhook", "#2f9e44"],
  [/slackTrigger$/u, "Slack trigger", "#2f9e44"],
  [/githubTrigger$/u, "GitHub trigger", "#2f9e44"],
  [/emailReadImap$/u, "IMAP trigger", "#2f9e44"],
  [/scheduleTrigger$/u, "schedule", "#2f9e44"],
  [/executeWorkflowTrigger$/u, "when called", "#2f9e44"],
  [/errorTrigger$/u, "error trigger", "#2f9e44"],
  [/httpRequest$/u, "orchestrator API", "#1971c2"],
  [/\.wait$/u, "wait", "#e67700"],
  [/respondToWebhook$/u, "answer the caller", "#2f9e44"],
  [/\.slack$/u, "Slack", "#9c36b5"],
  [/\.github$/u, "GitHub", "#9c36b5"],
  [/emailSend$/u, "mail", "#9c36b5"],
  [/executeWorkflow$/u, "call a workflow", "#495057"],
  [/\.(?:if|switch)$/u, "decide", "#495057"],
];
const OTHER = ["data", "#868e96"] as const;

const isNote = ({ type }: WorkflowNode): boolean => type.endsWith("stickyNote");

interface Frame {
  x: number;
  y: number;
  width: number;
  height: number;
}

function frameOf(node: WorkflowNode): Frame {
  const [x, y] = node.position;
  if (!isNote(node)) return { x, y, ...BOX };
  return { x, y, width: Number(node.parameters["width"]), height: Number(node.parameters["height"]) };
}

/** A drawing of a workflow, as one sees it in n8n; the same every time. */
export function drawWorkflow({ name, nodes, connections }: Workflow): string {
  const frames = nodes.map(frameOf);
  const left = Math.min(...frames.map(({ x }) => x)) - MARGIN;
  const top = Math.min(...frames.map(({ y }) => y)) - MARGIN;
  const width = Math.max(...frames.map((frame) => frame.x + frame.width)) + MARGIN - left;
  const height = Math.max(...frames.map((frame) => frame.y + frame.height)) + MARGIN - top;
  const byName = new Map(nodes.map((node) => [node.name, frameOf(node)]));
  const lines = Object.entries(connections).flatMap(([from, { main }]) =>
    main.flatMap((targets, output) =>
      targets.map(({ node }) => line(byName.get(from), byName.get(node), { output, of: main.length })),
    ),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${left} ${top} ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" role="img">`,
    `<title>${escaped(name)}</title>`,
    `<rect x="${left}" y="${top}" width="${width}" height="${height}" fill="#f8f9fa"/>`,
    ...nodes.filter(isNote).map(note),
    ...lines,
    ...nodes.filter((node) => !isNote(node)).map(box),
    "</svg>\n",
  ].join("\n");
}

/** From the right of one box to the left of another; back to an earlier one it goes below both. */
function line(from: Frame | undefined, to: Frame | undefined, { output, of }: { output: number; of: number }): string {
  if (!from || !to) return "";
  const start = { x: from.x + from.width, y: from.y + (from.height * (output + 1)) / (of + 1) };
  const end = { x: to.x, y: to.y + to.height / 2 };
  const back = end.x < start.x;
  const low = Math.max(from.y, to.y) + BOX.height + 46;
  const path = back
    ? `M${start.x} ${start.y} C${start.x + 50} ${start.y} ${start.x + 50} ${low} ${start.x - 20} ${low} L${end.x + 20} ${low} C${end.x - 50} ${low} ${end.x - 50} ${end.y} ${end.x} ${end.y}`
    : `M${start.x} ${start.y} C${start.x + 40} ${start.y} ${end.x - 40} ${end.y} ${end.x} ${end.y}`;
  return `<path d="${path}" fill="none" stroke="#adb5bd" stroke-width="2"/>`;
}

function box(node: WorkflowNode): string {
  const { x, y, width, height } = frameOf(node);
  const [, word, colour] = KINDS.find(([types]) => types.test(node.type)) ?? [undefined, ...OTHER];
  const names = wrapped(node.name, (width - 16) / LETTER.name).slice(0, 2);
  const first = y + 20 + (names.length === 1 ? 22 : 15);
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="8" fill="#fff" stroke="${colour}" stroke-width="2"/>`,
    `<text x="${x + 8}" y="${y + 16}" font-size="10" fill="${colour}">${escaped(word)}</text>`,
    ...names.map(
      (text, index) =>
        `<text x="${x + 8}" y="${first + index * LINE}" font-size="13" font-weight="600" fill="#212529">${escaped(text)}</text>`,
    ),
  ].join("");
}

function note(node: WorkflowNode): string {
  const { x, y, width, height } = frameOf(node);
  const lines = String(node.parameters["content"])
    .split("\n")
    .flatMap((text) => (text === "" ? [""] : wrapped(text.replaceAll(/[*`]/gu, ""), (width - 20) / LETTER.note)));
  const texts = lines.map((text, index) => {
    const isTitle = text.startsWith("## ");
    const style = isTitle ? 'font-size="15" font-weight="700"' : 'font-size="12"';
    return `<text x="${x + 10}" y="${y + 22 + index * LINE}" ${style} fill="#495057">${escaped(text.replace("## ", ""))}</text>`;
  });
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="6" fill="#fff3bf"/>${texts.join("")}`;
}

/** Lines of at most so many letters. */
function wrapped(text: string, room: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < room) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
