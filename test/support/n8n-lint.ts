import { expressionsIn, nodesNamedIn, syntaxFault, textsIn } from "./n8n-expressions.ts";
import { graphOf, isA, outputsOf, type Graph } from "./n8n-graph.ts";
import { parameterFaults } from "./n8n-lint-parameters.ts";
import { requestFaults, type ApiDocument } from "./n8n-lint-requests.ts";
import { when } from "./n8n-lint-when.ts";
import type { NodeFacts } from "./n8n-node-facts.ts";
import type { Workflow, WorkflowNode } from "./n8n-workflows.ts";

interface Rules {
  facts: Readonly<Record<string, NodeFacts>>;
  /** Our own API, as the server describes it. */
  api: ApiDocument;
}

/** What a part of a workflow is judged by. */
export interface Place {
  workflow: Workflow;
  node: WorkflowNode;
  graph: Graph;
  rules: Rules;
  all: readonly Workflow[];
}

const SECRETS =
  /xox[abeprs]-|xapp-|gh[pousr]_\w{20}|github_pat_|sk-[\w-]{16}|AKIA[0-9A-Z]{12}|-----BEGIN|Bearer\s+[\w-]{8}|:\/\/[^/\s:]+:[^/\s@]+@/u;

/** Everything that is wrong with these workflows, as sentences. */
export function workflowFaults(all: readonly Workflow[], rules: Rules): string[] {
  const nodes = all.flatMap((workflow) => workflow.nodes);
  return [
    ...doubled("id of a workflow", all, ({ id }) => id),
    ...doubled("webhookId", nodes, ({ webhookId }) => webhookId),
    ...doubled("webhook path", nodes, pathOf),
    ...all.flatMap((workflow) => {
      const graph = graphOf(workflow);
      const inNodes = workflow.nodes.flatMap((node) =>
        nodeFaults({ workflow, node, graph, rules, all }).map((fault) => `“${node.name}” ${fault}`),
      );
      const faults = [
        ...frameFaults(workflow, all),
        ...connectionFaults(workflow, graph),
        ...configFaults(workflow, graph),
        ...inNodes,
      ];
      return faults.map((fault) => `${workflow.name}: ${fault}`);
    }),
  ];
}

const pathOf = (node: WorkflowNode): string | undefined =>
  isA(node, "webhook") ? `${String(node.parameters["httpMethod"])} ${String(node.parameters["path"])}` : undefined;

/** What two of them share and nobody may. */
function doubled<T>(what: string, things: readonly T[], name: (thing: T) => string | undefined): string[] {
  const names = things.map(name).filter((one) => one !== undefined);
  return names.filter((one, index) => names.indexOf(one) !== index).map((one) => `the ${what} “${one}” is there twice`);
}

const MAX_ID = 36;

function frameFaults(workflow: Workflow, all: readonly Workflow[]): string[] {
  const { id, nodes, settings } = workflow;
  const { errorWorkflow } = settings;
  const isExplained = nodes.some(({ parameters }) => String(parameters["content"]).startsWith("## "));
  const secret = textsIn(workflow).find(({ text }) => SECRETS.test(text));
  return [
    ...when(id.length > MAX_ID, "has an id that is too long for n8n"),
    ...when(workflow["active"] !== false, "is shipped active"),
    ...when(JSON.stringify(workflow["pinData"] ?? {}) !== "{}", "has pinned data"),
    ...when(!isExplained, "has no note that explains it"),
    ...when(secret !== undefined, `holds a secret at ${secret?.path}`),
    ...when(
      errorWorkflow === undefined
        ? !nodes.some((node) => isA(node, "errorTrigger"))
        : !all.some((other) => other.id === errorWorkflow),
      "names no error workflow that is there",
    ),
    ...doubled("name", nodes, ({ name }) => name),
    ...doubled("id of a node", nodes, (node) => node.id),
  ];
}

function connectionFaults({ connections, nodes }: Workflow, { byName, targets, after }: Graph): string[] {
  const triggers = nodes.filter((node) => isTrigger(node));
  const reached = new Set(triggers.flatMap(({ name }) => [name, ...after(name)]));
  const missing = [...Object.keys(connections), ...targets].filter((name) => !byName.has(name));
  const surplus = Object.entries(connections).filter(([from, { main }]) => {
    const node = byName.get(from);
    return node && main.length > outputsOf(node);
  });
  const lost = nodes.filter((node) => !isA(node, "stickyNote") && !reached.has(node.name));
  return [
    ...missing.map((name) => `connects “${name}”, which is not there`),
    ...surplus.map(([name]) => `connects more outputs of “${name}” than it has`),
    ...lost.map(({ name }) => `“${name}” is never reached`),
    ...triggers.filter(({ name }) => targets.has(name)).map(({ name }) => `leads into the trigger “${name}”`),
  ];
}

const isTrigger = ({ type }: WorkflowNode): boolean => /(?:Trigger|\.webhook|\.emailReadImap)$/u.test(type);

function configFaults({ nodes }: Workflow, { next }: Graph): string[] {
  const configs = nodes.filter(({ name }) => name === "Config");
  const isFirst = nodes.some((node) => isTrigger(node) && next(node.name).includes("Config"));
  return [
    ...when(configs.length !== 1, `has ${configs.length} nodes called Config`),
    ...when(!isFirst, "Config does not come right after a trigger"),
  ];
}

function nodeFaults(place: Place): string[] {
  return [...parameterFaults(place), ...expressionFaults(place), ...requestFaults(place), ...webhookFaults(place)];
}

function expressionFaults({ node, graph, workflow }: Place): string[] {
  const fields = configFields(workflow);
  return textsIn(node.parameters).flatMap(({ path, text }) =>
    expressionsIn(text).flatMap((code) => {
      const fault = syntaxFault(code);
      if (fault !== undefined) return [`${path} is no expression: ${fault}`];
      const lost = nodesNamedIn(code).filter((name) => !graph.byName.has(name));
      const late = nodesNamedIn(code).filter((name) => graph.byName.has(name) && !graph.isBefore(name, node.name));
      const unknown = [...code.matchAll(/\$\('Config'\)\.first\(\)\.json\.(\w+)/gu)].filter(
        ([, it = ""]) => !fields.has(it),
      );
      return [
        ...lost.map((name) => `${path} looks at “${name}”, which is not there`),
        ...late.map((name) => `${path} looks at “${name}”, which has not run by then`),
        ...unknown.map(([, field]) => `${path} wants “${field}” of Config, which is not there`),
        ...(/\$(?:env|vars|secrets)\b/u.test(code)
          ? [`${path} uses $env, $vars or $secrets: off in n8n, or not free`]
          : []),
      ];
    }),
  );
}

function configFields({ nodes }: Workflow): Set<string> {
  const config = nodes.find(({ name }) => name === "Config");
  const { assignments = [] } = (config?.parameters["assignments"] ?? {}) as { assignments?: { name: string }[] };
  return new Set(assignments.map(({ name }) => name));
}

/** Who may call, and that what n8n is to answer is answered. */
function webhookFaults({ node, graph, all }: Place): string[] {
  if (isA(node, "executeWorkflow")) {
    const { value } = node.parameters["workflowId"] as { value: string };
    return value === "={{ $workflow.id }}" || all.some(({ id }) => id === value)
      ? []
      : ["calls a workflow that is not there"];
  }
  if (!isA(node, "webhook")) return [];
  const { authentication, responseMode } = node.parameters;
  const answers = [...graph.after(node.name)].some((name) => isA(graph.byName.get(name) ?? node, "respondToWebhook"));
  return [
    ...when(authentication !== "headerAuth", "may be called by anybody"),
    ...when(responseMode !== "responseNode" || !answers, "is not answered by a Respond node"),
  ];
}
