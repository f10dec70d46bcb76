import { readFileSync } from "node:fs";
import { DCLinter } from "dclint";
import { expect, test } from "vitest";
import { parse } from "yaml";

type Service = {
  build?: { context: string };
  image?: string;
  init?: boolean;
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
  ports?: string[];
  volumes?: string[];
};

const text = readFileSync("docker-compose.yml", "utf8");
const compose = parse(text) as { services: Record<string, Service>; volumes: Record<string, null> };
const services = Object.entries(compose.services);

test("the file fits the compose schema and the linter finds nothing", () => {
  const { rules } = JSON.parse(readFileSync(".dclintrc.json", "utf8")) as { rules: Record<string, never> };
  const [result] = new DCLinter({ rules, quiet: false, debug: false, exclude: [] }).lintFiles(
    ["docker-compose.yml"],
    false,
  );
  expect(result?.messages).toEqual([]);
});

test("it brings the database, the API and n8n, each with a health check, an init process and named volumes", () => {
  expect(services.map(([name]) => name)).toEqual(["api", "n8n", "postgres"]);
  for (const [, service] of services) {
    expect(service.healthcheck?.test.length).toBeGreaterThan(1);
    expect(service.init).toBe(true);
    const volumes = (service.volumes ?? []).map((volume) => volume.split(":")[0] ?? "");
    expect(volumes.filter((volume) => !(volume in compose.volumes))).toEqual([]);
  }
});

test("images are named with a version", () => {
  const images = services.flatMap(([, { image }]) => image ?? []);
  expect(images.filter((image) => !/:\d/.test(image))).toEqual([]);
});

test("a service waits until what it needs is healthy", () => {
  expect(compose.services["api"]?.depends_on).toEqual({ postgres: { condition: "service_healthy" } });
  expect(compose.services["n8n"]?.depends_on).toEqual({ api: { condition: "service_healthy" } });
});

test("secrets come from outside, and it does not start without a key and a database password", () => {
  const secrets = services.flatMap(([, { environment = {} }]) =>
    Object.entries(environment).filter(([name]) => /KEY|TOKEN|PASSWORD/.test(name)),
  );
  expect(secrets.length).toBeGreaterThan(3);
  expect(secrets.filter(([, value]) => !/^\$\{[A-Z_]+:[-?]/.test(value))).toEqual([]);
  expect(compose.services["api"]?.environment?.["API_KEY"]).toMatch(/^\$\{API_KEY:\?/);
  expect(compose.services["postgres"]?.environment?.["POSTGRES_PASSWORD"]).toMatch(/^\$\{POSTGRES_PASSWORD:\?/);
});

test("nothing is published to other machines", () => {
  const ports = services.flatMap(([, service]) => service.ports ?? []);
  expect(ports.filter((port) => !port.startsWith("127.0.0.1:"))).toEqual([]);
});

test("it says that it was not started here", () => {
  expect(text).toMatch(/^# Not started where this project is developed/);
});
