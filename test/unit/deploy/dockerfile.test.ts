import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const text = readFileSync("Dockerfile", "utf8");
const manifest = JSON.parse(readFileSync("package.json", "utf8")) as { engines: { node: string } };

/** Instructions with continuation lines joined and comments left out, grouped by stage. */
const instructions = text
  .split("\n")
  .filter((line) => !/^\s*#/.test(line))
  .join("\n")
  .replaceAll(/\\\n\s*/g, "")
  .split("\n")
  .filter((line) => line.trim() !== "")
  .map((line) => ({ name: line.split(" ", 1)[0] ?? "", value: line.slice(line.indexOf(" ") + 1) }));
const lastFrom = instructions.findLastIndex(({ name }) => name === "FROM");
const finalStage = instructions.slice(lastFrom);
const valuesOf = (name: string, among = instructions) => among.filter((i) => i.name === name).map((i) => i.value);

test("every line is an instruction that Docker knows", () => {
  const names = ["FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "VOLUME", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL"];
  const unknown = instructions.filter(({ name }) => ![...names, "ENTRYPOINT", "CMD"].includes(name));
  expect(unknown).toEqual([]);
});

test("both stages stand on the slim image of the Node that package.json asks for", () => {
  const major = /\d+/.exec(manifest.engines.node)?.[0];
  expect(valuesOf("FROM")).toEqual([`node:${major}-bookworm-slim AS dashboard`, `node:${major}-bookworm-slim`]);
});

test("what is copied into the image exists and is not kept from the builder", () => {
  const sources = valuesOf("COPY").flatMap((value) =>
    value.startsWith("--from=") ? [] : value.split(" ").slice(0, -1),
  );
  const allowed = readFileSync(".dockerignore", "utf8").split("\n");
  expect(sources.filter((source) => !existsSync(source))).toEqual([]);
  expect(sources.filter((source) => !allowed.includes(`!${source.split("/")[0]}`))).toEqual([]);
});

test("only a named list of folders reaches the builder, so that data and secrets cannot", () => {
  const patterns = readFileSync(".dockerignore", "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  expect(patterns[0]).toBe("*");
  expect(patterns).not.toContain("!.env");
  expect(patterns).toContain("**/.env*");
});

test("the server runs as an ordinary account under an init process, with its data in volumes", () => {
  expect(valuesOf("USER", finalStage)).toEqual(["node"]);
  expect(valuesOf("ENTRYPOINT", finalStage)).toEqual(['["tini", "-s", "--"]']);
  expect(JSON.parse(valuesOf("VOLUME", finalStage)[0] ?? "")).toEqual(["/data", "/workspaces"]);
  const environment = valuesOf("ENV", finalStage).join(" ");
  expect(environment).toContain("DATA_DIR=/data");
  expect(environment).toContain("WORKSPACE_BASE=/workspaces");
});

test("what must be root's is done before the account changes", () => {
  const user = finalStage.findIndex(({ name }) => name === "USER");
  expect(finalStage.slice(user).filter(({ name }) => name === "RUN" || name === "COPY")).toEqual([]);
});

test("commands are lists, so that signals reach the server and not a shell", () => {
  const command = JSON.parse(valuesOf("CMD", finalStage)[0] ?? "") as string[];
  expect(command[0]).toBe("node");
  expect(existsSync(command[1] ?? "")).toBe(true);
  expect(valuesOf("HEALTHCHECK", finalStage)[0]).toMatch(/CMD \["curl", "--fail".*\/health"\]$/);
});

test("no secret is baked in", () => {
  expect(valuesOf("ARG")).toEqual([]);
  expect(valuesOf("ENV").filter((value) => /KEY|TOKEN|PASSWORD|SECRET|DATABASE_URL/.test(value))).toEqual([]);
});

test("it says that it was not built here", () => {
  expect(text).toMatch(/^# Not built where this project is developed/m);
});
