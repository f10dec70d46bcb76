import { expressionsIn, isFixed, objectOf } from "./n8n-expressions.ts";
import { isA } from "./n8n-graph.ts";
import { when } from "./n8n-lint-when.ts";
import type { Place } from "./n8n-lint.ts";
import type { WorkflowNode } from "./n8n-workflows.ts";

interface Schema {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
}
interface Operation {
  parameters?: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: Schema }> };
}
export interface ApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

const BASE = "={{ $('Config').first().json.orchestratorUrl }}";

/** Whether requests ask for something that our API has, with what it knows; and whether callbacks are waited for. */
export function requestFaults(place: Place): string[] {
  if (!isA(place.node, "httpRequest")) return waitFaults(place);
  const { node, rules } = place;
  const url = String(node.parameters["url"]);
  if (!url.startsWith(BASE)) return ["does not ask the orchestrator of Config"];
  const method = String(node.parameters["method"]).toLowerCase();
  const path = url.slice(BASE.length).replaceAll(/\{\{[\s\S]*?\}\}/gu, "{}");
  const found = Object.entries(rules.api.paths).find(([one]) => one.replaceAll(/\{\w+\}/gu, "{}") === path)?.[1][
    method
  ];
  if (!found) return [`asks for ${method.toUpperCase()} ${path}, which our API does not have`];
  return [...queryFaults(node, found), ...bodyFaults(place, found), ...keyFaults(node, path)];
}

const pairs = (node: WorkflowNode, name: string): { name: string; value: string }[] =>
  ((node.parameters[name] ?? {}) as { parameters?: { name: string; value: string }[] }).parameters ?? [];

function queryFaults(node: WorkflowNode, { parameters = [] }: Operation): string[] {
  const known = parameters.filter((one) => one.in === "query").map(({ name }) => name);
  const given = pairs(node, "queryParameters").map(({ name }) => name);
  return given
    .filter((name) => !known.includes(name))
    .map((name) => `sends the query parameter “${name}”, which is not known`);
}

function bodyFaults(place: Place, { requestBody }: Operation): string[] {
  const { jsonBody } = place.node.parameters;
  const [code] = typeof jsonBody === "string" ? expressionsIn(jsonBody) : [];
  const schema = resolve(requestBody?.content["application/json"]?.schema, place.rules.api);
  if (code === undefined) return when(schema !== undefined, "sends no body where one is due");
  if (!schema) return ["sends a body where none is due"];
  const body = readBody(code);
  if (typeof body === "string") return [body];
  const { properties = {}, required = [] } = schema;
  return [
    ...Object.entries(body).flatMap(([key, value]) => valueFaults(key, value, properties[key])),
    ...required.filter((key) => !(key in body)).map((key) => `does not send “${key}”`),
    ...(body["callbackUrl"] === undefined ? [] : callbackFaults(place, code)),
  ];
}

function readBody(code: string): Record<string, unknown> | string {
  try {
    return objectOf(code);
  } catch (error) {
    return `makes no body: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function valueFaults(key: string, value: unknown, schema: Schema | undefined): string[] {
  if (!schema) return [`sends “${key}”, which our API does not know`];
  if (schema.enum === undefined || !isFixed(value) || schema.enum.includes(value)) return [];
  return [`sends “${key}” as ${JSON.stringify(value)}, which our API does not take`];
}

function resolve(schema: Schema | undefined, api: ApiDocument): Schema | undefined {
  const name = schema?.$ref?.split("/").at(-1);
  return name === undefined ? schema : api.components?.schemas?.[name];
}

function callbackFaults({ node, graph }: Place, code: string): string[] {
  const waits = [...graph.after(node.name)].some((name) => isWebhookWait(graph.byName.get(name)));
  return [
    ...when(!waits, "gives a callbackUrl, and nothing waits for the callback"),
    ...when(
      !/callbackUrl:\s*\$execution\.resumeUrl\b/u.test(code),
      "gives a callbackUrl that is not this execution's own",
    ),
    ...when(!/callbackDeadlineSeconds:/u.test(code), "says no deadline for its callback"),
  ];
}

/** What starts something must be safe to repeat: n8n repeats it. */
function keyFaults(node: WorkflowNode, path: string): string[] {
  const headers = pairs(node, "headerParameters");
  const starts = node.parameters["method"] === "POST" && /^\/api\/sessions(?:\/\{\}\/messages)?$/u.test(path);
  const key = headers.find(({ name }) => name === "Idempotency-Key");
  return [
    ...when(starts && !key?.value.startsWith("="), "has no Idempotency-Key of its own"),
    ...headers.filter((one) => one !== key).map(({ name }) => `sends the header “${name}”`),
  ];
}

const isWebhookWait = (node: WorkflowNode | undefined): boolean =>
  node !== undefined && isA(node, "wait") && node.parameters["resume"] === "webhook";

function waitFaults({ node, graph, workflow }: Place): string[] {
  if (!isWebhookWait(node)) return [];
  const asked = workflow.nodes.some(
    (one) => /callbackUrl/u.test(String(one.parameters["jsonBody"])) && graph.isBefore(one.name, node.name),
  );
  return [
    ...when(!asked, "waits for a callback that nobody was asked for"),
    ...when(node.parameters["limitWaitTime"] !== true, "waits for ever"),
    ...when(node.parameters["httpMethod"] !== "POST", "does not wait for a POST"),
  ];
}
