import { readFileSync } from "node:fs";

/*
 * Frames that are nearly right: valid ones, damaged. A parser that is only given noise says no at the first look; what is
 * wrong in one place only gets further.
 */

/** From 0 to below 1, the same for the same seed; fast, where a million are needed. */
export function randomBy(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
type Random = () => number;

/** What was on the wire between client and server that exist, one way. */
export const capturedFrames = (dir: "client->hub" | "hub->client"): object[] =>
  readFileSync("test/fixtures/orchestrator/frames.jsonl", "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { dir: string; frame: unknown })
    .flatMap(({ dir: went, frame }) => (went === dir && typeof frame === "object" && frame !== null ? [frame] : []));

/** Stands for what JSON.stringify could not write: so deep that a function which calls itself gives up. */
const DEEP = "@deep@";
const DEPTH = 8_000;
const NESTED = `${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}`;
const NESTED_OBJECTS = `${'{"a":'.repeat(DEPTH)}1${"}".repeat(DEPTH)}`;
const HUGE = "x".repeat(40_000);
const FOREIGN_FIELDS = ["__proto__", "constructor", "toString", "type", "request_id", "client_id", "success", "data"];

const VALUES: readonly ((random: Random) => unknown)[] = [
  () => null,
  () => true,
  () => "",
  () => [],
  () => ({}),
  (random) => Math.round((random() - 0.5) * 2 ** (random() * 60)),
  (random) => random() * 1e300,
  () => "\u0000\u001b[2J\ud800 \"><img src=x onerror=alert(1)>' OR 1=1 --",
  () => "../../../../etc/passwd",
  (random) => String.fromCodePoint(...Array.from({ length: 20 }, () => Math.floor(random() * 0xffff))),
  () => ({ toString: null, length: -1 }),
  () => ({ length: { toString: null, valueOf: null } }),
  () => [["a"], ["b", 1], ["c", "d", "e"]],
  () => [["\r\nx", "y\r\nSet-Cookie: hub=1"]],
  () => Array.from({ length: 300 }, () => ["a", "b"]),
];
const RARE: readonly unknown[] = [DEEP, `${DEEP}{`, HUGE];

/** As its own, whatever its name means to objects. */
const define = (frame: object, name: string, value: unknown): unknown =>
  Object.defineProperty(frame, name, { value, enumerable: true, writable: true, configurable: true });

const written = (frame: object): string =>
  JSON.stringify(frame)
    .replaceAll(`"${DEEP}{"`, () => NESTED_OBJECTS)
    .replaceAll(`"${DEEP}"`, () => NESTED);

/** `rare`: the share of large and deep values, which take their time. */
export function mutantsOf(corpus: readonly object[], random: Random, { rare = 0.005 }: { rare?: number } = {}) {
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
  const chance = (share: number): boolean => random() < share;
  const value = (): unknown => (chance(rare) ? pick(RARE) : pick(VALUES)?.(random));

  /** Changes one field of the frame, at any depth. */
  function damage(frame: Record<string, unknown>): void {
    const key = pick(Object.keys(frame)) ?? "type";
    const inner = frame[key];
    if (typeof inner === "object" && inner !== null && chance(0.6)) return damage(inner as Record<string, unknown>);
    const way = random();
    if (way < 0.2) delete frame[key];
    else if (way < 0.3) define(frame, pick(FOREIGN_FIELDS) ?? "x", value());
    else if (way < 0.45) frame[key] = structuredClone(pick(Object.values(pick(corpus) ?? {})));
    else frame[key] = value();
  }

  /** What a line that breaks makes of a text. */
  function spoil(text: string): string {
    const at = Math.floor(random() * text.length);
    const way = random();
    if (way < 0.4) return text.slice(0, at);
    if (way < 0.6)
      return `${text.slice(0, at)}${String.fromCodePoint(Math.floor(random() * 0xff))}${text.slice(at + 1)}`;
    if (way < 0.7) return `${text}${text}`;
    if (way < 0.8) return `[${text}]`;
    return `${text.slice(at)}${text.slice(0, at)}`;
  }

  return {
    /** A text frame: one in ten as it was, most wrong in a field or three, some no JSON any more. */
    text(): string {
      const frame = structuredClone(pick(corpus) ?? {}) as Record<string, unknown>;
      if (chance(0.1)) return written(frame);
      for (let left = Math.ceil(random() * 3); left > 0; left--) damage(frame);
      const text = written(frame);
      return chance(0.15) ? spoil(text) : text;
    },
    /** A binary message made of one of these. */
    bytes(messages: readonly Uint8Array[]): Uint8Array {
      const bytes = Uint8Array.from(pick(messages) ?? []);
      const way = random();
      if (way < 0.1) return bytes;
      if (way < 0.2) return bytes.subarray(0, Math.floor(random() * bytes.length));
      if (way < 0.3) return Uint8Array.from({ length: Math.floor(random() * 200) }, () => random() * 256);
      // Mostly in the head, where kind and stream stand.
      for (let left = Math.ceil(random() * 3); left > 0; left--)
        bytes[Math.floor(random() * (chance(0.5) ? 6 : bytes.length))] = Math.floor(random() * (chance(0.5) ? 8 : 256));
      return bytes;
    },
  };
}
