// What n8n's nodes take, for the lint of our workflows: only the nodes, versions and settings that the workflows use.
// Made from n8n's own list, with the n8n of `npm run test:n8n:install` and a database to look at:
//   n8n export:nodes --output=/tmp/nodes.json && node scripts/n8n-node-facts.ts /tmp/nodes.json
import { readFileSync, writeFileSync } from "node:fs";
import { FACTS_FILE, isList, type NodeFacts, type Takes } from "../test/support/n8n-node-facts.ts";
import { readWorkflow, workflowFiles, type WorkflowNode } from "../test/support/n8n-workflows.ts";

interface Property {
  name: string;
  type: string;
  options?: { name: string; value?: unknown; values?: Property[]; type?: string; options?: Property["options"] }[];
  displayOptions?: Conditions;
}
interface Conditions {
  show?: Record<string, unknown[]>;
  hide?: Record<string, unknown[]>;
}
interface NodeType {
  name: string;
  version: number | number[];
  group: string[];
  properties: Property[];
  credentials?: { name: string; required?: boolean; displayOptions?: Conditions }[];
}

const [file = ""] = process.argv.slice(2);
const types = JSON.parse(readFileSync(file, "utf8")) as NodeType[];
const used = new Map<string, WorkflowNode[]>();
for (const node of workflowFiles().flatMap((name) => readWorkflow(name).nodes)) {
  const key = `${node.type} ${node.typeVersion}`;
  used.set(key, [...(used.get(key) ?? []), node]);
}
const facts: Record<string, NodeFacts> = {};
for (const [key, nodes] of [...used].toSorted(([a], [b]) => (a < b ? -1 : 1))) facts[key] = factsOf(nodes);
writeFileSync(FACTS_FILE, `${JSON.stringify(facts, null, 1)}\n`);
console.log(`${FACTS_FILE}: ${used.size} nodes`);

function factsOf(nodes: readonly WorkflowNode[]): NodeFacts {
  const [{ type, typeVersion } = { type: "", typeVersion: 0 }] = nodes;
  const found = types.find(({ name, version }) => name === type && [version].flat().includes(typeVersion));
  if (!found) throw new Error(`n8n has no ${type} of version ${typeVersion}`);
  const applies = ({ displayOptions }: { displayOptions?: Conditions }) =>
    nodes.some((node) => isShown(displayOptions, node));
  const credentials = (found.credentials ?? []).filter(({ displayOptions }) =>
    nodes.some((node) => isShown(displayOptions, node, false)),
  );
  return {
    trigger: found.group.includes("trigger"),
    credentials: credentials.map(({ name }) => name),
    needsCredential: credentials.some(({ required }) => required === true),
    parameters: childrenOf(found.properties, applies),
  };
}

/** Whether n8n would show a setting for this node; `unset` is what to think of one that has its default. */
function isShown(conditions: Conditions | undefined, { typeVersion, parameters }: WorkflowNode, unset = true): boolean {
  return Object.entries(conditions?.show ?? {}).every(([key, wanted]) => {
    if (key === "@version") return wanted.some((one) => isVersion(one, typeVersion));
    if (key.startsWith("@")) return false;
    const value = parameters[key.replace(/^\//u, "")];
    return value === undefined ? unset : [value].flat().some((one) => wanted.includes(one));
  });
}

function isVersion(wanted: unknown, version: number): boolean {
  if (typeof wanted === "number") return wanted === version;
  const [[operation, limit] = ["", 0]] = Object.entries((wanted as Record<"_cnd", Record<string, unknown>>)["_cnd"]);
  if (operation === "between") {
    const { from, to } = limit as { from: number; to: number };
    return version >= from && version <= to;
  }
  const number = Number(limit);
  const results: Record<string, boolean> = {
    eq: version === number,
    not: version !== number,
    gte: version >= number,
    gt: version > number,
    lte: version <= number,
    lt: version < number,
  };
  return results[operation] ?? false;
}

function childrenOf(properties: readonly Property[], applies: (one: Property) => boolean): Record<string, Takes> {
  const all: Record<string, Takes> = {};
  for (const property of properties.filter((one) => one.type !== "notice" && applies(one)))
    all[property.name] = either(all[property.name], takenBy(property, applies));
  return all;
}

function takenBy({ type, options = [] }: Property, applies: (one: Property) => boolean): Takes {
  if (type === "options" || type === "multiOptions")
    return options.length > 0 ? options.map(({ value }) => value) : null;
  if (type === "collection") return childrenOf(options as Property[], applies);
  if (type !== "fixedCollection") return null;
  return Object.fromEntries(options.map(({ name, values = [] }) => [name, childrenOf(values, () => true)]));
}

/** The same name stands for several settings, of which one is shown at a time. */
function either(one: Takes | undefined, other: Takes): Takes {
  if (one === undefined) return other;
  if (one === null || other === null) return null;
  if (isList(one)) return isList(other) ? [...new Set([...one, ...other])] : null;
  return isList(other) ? null : Object.fromEntries([...Object.entries(one), ...Object.entries(other)]);
}
