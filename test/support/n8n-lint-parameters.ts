import type { Place } from "./n8n-lint.ts";
import { isList, type NodeFacts, type Takes } from "./n8n-node-facts.ts";
import type { WorkflowNode } from "./n8n-workflows.ts";

/** What n8n itself would say, or silently ignore, about a node's type, version, settings and credentials. */
export function parameterFaults({ node, rules }: Place): string[] {
  const facts = rules.facts[`${node.type} ${node.typeVersion}`];
  if (!facts) return [`is a ${node.type} ${node.typeVersion}, of which the table of facts has nothing`];
  return [...takenFaults(node.parameters, facts.parameters, "parameters"), ...credentialFaults(node, facts)];
}

function takenFaults(value: unknown, takes: Takes, path: string): string[] {
  if (takes === null || (typeof value === "string" && value.startsWith("="))) return [];
  if (isList(takes)) {
    const unknown = [value].flat().filter((one) => !takes.includes(one));
    return unknown.map((one) => `${path} cannot be ${JSON.stringify(one)}`);
  }
  if (Array.isArray(value)) return value.flatMap((one) => takenFaults(one, takes, path));
  if (typeof value !== "object" || value === null) return [`${path} must be an object`];
  return Object.entries(value).flatMap(([key, child]) => {
    const inside = takes[key];
    return inside === undefined ? [`${path} has no “${key}”`] : takenFaults(child, inside, `${path}.${key}`);
  });
}

function credentialFaults(node: WorkflowNode, facts: NodeFacts): string[] {
  const generic = node.parameters["genericAuthType"];
  const known = typeof generic === "string" ? [generic] : facts.credentials;
  const given = Object.entries(node.credentials ?? {});
  return [
    ...given.filter(([type]) => !known.includes(type)).map(([type]) => `takes no credential ${type}`),
    ...(given.length === 0 && (facts.needsCredential || generic !== undefined) ? ["needs a credential"] : []),
    ...given.flatMap(([type, held]) =>
      typeof held.name === "string" && held.name !== "" && Object.keys(held).toSorted().join() === "id,name"
        ? []
        : [`names its credential ${type} in another way than by id and name`],
    ),
  ];
}
