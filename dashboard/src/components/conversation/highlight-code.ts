import type { Element, Root, RootContent } from "hast";
import bash from "highlight.js/lib/languages/bash";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import rust from "highlight.js/lib/languages/rust";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";

// rehype-highlight would bring its 37 common languages along, three times the weight of these.
const highlighter = createLowlight({ bash, css, diff, go, javascript, json, python, rust, sql, typescript, xml, yaml });
const MOST_CHARACTERS = 50_000;

function languageOf(code: Element): string | undefined {
  const names = code.properties["className"];
  const name = Array.isArray(names) ? names.map(String).find((word) => word.startsWith("language-")) : undefined;
  return name?.slice("language-".length);
}

function highlight(code: Element): void {
  const language = languageOf(code);
  const [text] = code.children;
  if (!language || text?.type !== "text" || text.value.length > MOST_CHARACTERS || !highlighter.registered(language))
    return;
  code.children = highlighter.highlight(language, text.value).children as Element["children"];
}

function visit(node: Root | RootContent): void {
  if (!("children" in node)) return;
  for (const child of node.children) {
    if (node.type === "element" && node.tagName === "pre" && child.type === "element" && child.tagName === "code")
      highlight(child);
    else visit(child);
  }
}

/** Colours code blocks whose language is named and known; never guesses. */
export const highlightCode = () => (tree: Root) => visit(tree);
