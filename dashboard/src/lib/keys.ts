import { useEffect, useRef } from "react";

type KeyMap = Record<string, (event: KeyboardEvent) => void>;

const CHORD_MS = 1_200;
const layers: { current: KeyMap }[] = [];
let prefix: { key: string; until: number } | undefined;

/** Whether the key belongs to the browser, a field or a dialog and not to the page. */
function isTaken(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return true;
  const target = event.target instanceof HTMLElement ? event.target : undefined;
  if (document.querySelector("[data-keys-off], [role=dialog][aria-modal=true]")) return true;
  return target !== undefined && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/u.test(target.tagName));
}

function handlerOf(key: string) {
  for (const layer of layers.toReversed()) {
    const handler = layer.current[key];
    if (handler) return handler;
  }
  return undefined;
}

const beginsChord = (key: string): boolean =>
  layers.some((layer) => Object.keys(layer.current).some((name) => name.startsWith(`${key} `)));

function onKey(event: KeyboardEvent): void {
  if (isTaken(event)) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const chord = prefix && prefix.until > Date.now() ? `${prefix.key} ${key}` : key;
  prefix = undefined;
  const handler = handlerOf(chord) ?? (chord === key ? undefined : handlerOf(key));
  if (handler) {
    event.preventDefault();
    handler(event);
  } else if (beginsChord(key)) {
    prefix = { key, until: Date.now() + CHORD_MS };
  }
}

/**
 * Single keys and two-key chords (`"g s"`) for as long as the component is on the page. What was added last wins; none of
 * them works in a field or while a dialog is open.
 */
export function useKeys(keys: KeyMap): void {
  const layer = useRef(keys);
  useEffect(() => {
    layer.current = keys;
  });
  useEffect(() => {
    if (layers.length === 0) addEventListener("keydown", onKey);
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
      if (layers.length === 0) removeEventListener("keydown", onKey);
    };
  }, []);
}

/** What `?` shows; also the only list of keys there is. */
export const KEY_HELP: readonly { title: string; keys: readonly (readonly [string, string])[] }[] = [
  {
    title: "Anywhere",
    keys: [
      ["Ctrl K", "Search or run"],
      ["N", "New session"],
      ["/", "Search the list"],
      ["G S", "Sessions"],
      ["G C", "Schedules"],
      ["G T", "Templates"],
      ["G B", "Subscriptions"],
      ["G O", "Orchestration"],
      [".", "Light or dark"],
      ["?", "These keys"],
    ],
  },
  {
    title: "List",
    keys: [
      ["J", "Next session"],
      ["K", "Previous session"],
      ["↵", "Open"],
      ["[", "Show or hide the list"],
    ],
  },
  {
    title: "Session",
    keys: [
      ["R", "Write a message"],
      ["Ctrl ↵", "Send"],
      ["Q", "Queue or steer"],
      ["S", "Stop; twice is now"],
      ["1 – 4", "Tabs"],
      ["\\", "Full width"],
      ["]", "Show or hide the details"],
    ],
  },
  {
    title: "Orchestration",
    keys: [
      ["J K", "Next and previous workspace"],
      ["+ -", "One more, one fewer desired"],
      ["P", "Pause or resume"],
      ["T", "Standing template"],
    ],
  },
  {
    title: "Copy",
    keys: [
      ["Y R", "Resume command"],
      ["Y L", "Link to the session"],
      ["Y P", "Workspace path"],
      ["Y B", "Branch"],
    ],
  },
];
