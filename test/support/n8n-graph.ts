import type { Workflow, WorkflowNode } from "./n8n-workflows.ts";

/** Who comes before whom in a workflow. */
export function graphOf({ nodes, connections }: Workflow) {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const next = new Map<string, string[]>();
  for (const [from, { main }] of Object.entries(connections)) {
    const targets = main.flat().map(({ node }) => node);
    next.set(from, [...(next.get(from) ?? []), ...targets]);
  }

  /** All that can run after a node. */
  function after(name: string): Set<string> {
    const seen = new Set<string>();
    const open = [...(next.get(name) ?? [])];
    for (let one = open.pop(); one !== undefined; one = open.pop()) {
      if (seen.has(one)) continue;
      seen.add(one);
      open.push(...(next.get(one) ?? []));
    }
    return seen;
  }

  return {
    byName,
    after,
    next: (name: string): readonly string[] => next.get(name) ?? [],
    isBefore: (name: string, other: string): boolean => after(name).has(other),
    targets: new Set([...next.values()].flat()),
  };
}
export type Graph = ReturnType<typeof graphOf>;

const typeOf = ({ type }: WorkflowNode): string => type.replace(/^n8n-nodes-base\./u, "");
export const isA = (node: WorkflowNode, ...types: string[]): boolean => types.includes(typeOf(node));

/** How many ways lead out of a node. */
export function outputsOf(node: WorkflowNode): number {
  if (isA(node, "if")) return 2;
  if (isA(node, "switch")) {
    const { values } = node.parameters["rules"] as { values: unknown[] };
    const { fallbackOutput } = (node.parameters["options"] ?? {}) as { fallbackOutput?: string };
    return values.length + (fallbackOutput === "extra" ? 1 : 0);
  }
  return node.onError === "continueErrorOutput" ? 2 : 1;
}
