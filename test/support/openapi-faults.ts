interface Operation {
  operationId?: string;
  security?: unknown[];
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string }[];
  responses?: Record<string, { description?: string; content?: Record<string, unknown> }>;
}

export interface Document {
  openapi: string;
  tags?: { name: string; description?: string }[];
  paths: Record<string, Record<string, Operation>>;
}

/** What is structurally wrong with an OpenAPI 3.1 document, by the rules that its JSON Schema cannot say. */
export function documentFaults(document: Document): string[] {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const ids = operations.map(({ operation }) => operation.operationId);
  return [
    ...(document.openapi.startsWith("3.1.") ? [] : [`openapi is ${document.openapi}`]),
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `operationId ${id} is used twice`),
    ...operations.flatMap(operationFaults),
    ...references(document)
      .filter((reference) => !resolves(document, reference))
      .map((reference) => `${reference} leads nowhere`),
  ];
}

function operationFaults({
  path,
  method,
  operation,
}: {
  path: string;
  method: string;
  operation: Operation;
}): string[] {
  const inPath = [...path.matchAll(/\{(\w+)\}/gu)].map(([, name]) => name).join();
  const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === "path" && parameter.required);
  const names = declared.map(({ name }) => name).join();
  const responses = Object.entries(operation.responses ?? {});
  return [
    ...(operation.operationId ? [] : ["no operationId"]),
    ...(responses.length > 0 ? [] : ["no response"]),
    ...responses
      .filter(([, { description }]) => !description)
      .map(([status]) => `response ${status} has no description`),
    ...(inPath === names ? [] : [`path parameters ${inPath} are declared as ${names || "none"}`]),
  ].map((fault) => `${method} ${path}: ${fault}`);
}

function references(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const own = "$ref" in value && typeof value.$ref === "string" ? [value.$ref] : [];
  return [...own, ...Object.values(value).flatMap(references)];
}

function resolves(document: unknown, reference: string): boolean {
  const keys = reference
    .replace(/^#\//u, "")
    .split("/")
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  const found = keys.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
    document,
  );
  return reference.startsWith("#/") && found !== undefined;
}
