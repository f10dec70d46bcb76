import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WORKFLOWS } from "./n8n-workflows.ts";

/** Made by scripts/n8n-node-facts.ts. */
export const FACTS_FILE = join(WORKFLOWS, "test/node-facts.json");

/** What a setting takes: one of these values, an object with these keys, or (null) anything. */
export type Takes = readonly unknown[] | { readonly [key: string]: Takes } | null;

export const isList = (takes: Exclude<Takes, null>): takes is readonly unknown[] => Array.isArray(takes);

export interface NodeFacts {
  trigger: boolean;
  credentials: readonly string[];
  needsCredential: boolean;
  parameters: Readonly<Record<string, Takes>>;
}

/** By `type typeVersion`. */
export const readNodeFacts = (): Record<string, NodeFacts> =>
  JSON.parse(readFileSync(FACTS_FILE, "utf8")) as Record<string, NodeFacts>;
