import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const WORKFLOWS = resolve(import.meta.dirname, "../../n8n-workflows");

export interface WorkflowNode {
  id: string;
  name: string;
  type: string;
  typeVersion: number;
  position: [number, number];
  parameters: Record<string, unknown>;
  credentials?: Record<string, { id: string; name: string }>;
  webhookId?: string;
  onError?: string;
  [more: string]: unknown;
}

export interface Workflow {
  id: string;
  name: string;
  nodes: WorkflowNode[];
  connections: Record<string, { main: { node: string; type: string; index: number }[][] }>;
  settings: { executionOrder: string; errorWorkflow?: string };
  [more: string]: unknown;
}

/** The names of the files, in order. */
export const workflowFiles = (): string[] =>
  readdirSync(WORKFLOWS)
    .filter((name) => /^\d\d-.*\.json$/.test(name))
    .toSorted();

export const readWorkflow = (file: string): Workflow =>
  JSON.parse(readFileSync(join(WORKFLOWS, file), "utf8")) as Workflow;

/** The workflow with these values in its Config node, and nothing else changed: as a user sets it up. */
export function configured(workflow: Workflow, values: Record<string, unknown>): Workflow {
  const copy = structuredClone(workflow);
  const config = copy.nodes.find(({ name }) => name === "Config");
  const fields = config?.parameters["assignments"] as { assignments: { name: string; value: unknown }[] } | undefined;
  for (const [name, value] of Object.entries(values)) {
    const field = fields?.assignments.find((one) => one.name === name);
    if (!field) throw new Error(`${workflow.name} has no “${name}” in its Config`);
    field.value = value;
  }
  return copy;
}

export const webhookIdOf = ({ nodes }: Workflow, name: string): string =>
  nodes.find((node) => node.name === name)?.webhookId ?? "";
