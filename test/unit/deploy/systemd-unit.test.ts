import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const lines = readFileSync("deploy/claude-orchestrator.service", "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));
const settings = lines.filter((line) => !line.startsWith("[")).map((line) => line.split("=", 1)[0] ?? "");
const valueOf = (name: string) => lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1);

test("stopping the service leaves runs in progress alive", () => {
  expect(valueOf("KillMode")).toBe("process");
});

test("nothing in the sandbox keeps agents from their own namespaces", () => {
  const harmful = ["RestrictNamespaces", "PrivateUsers", "ProtectProc", "ProcSubset", "SystemCallFilter"];
  const masking = ["ProtectKernelTunables", "ProtectControlGroups", "ProtectKernelLogs", "MemoryDenyWriteExecute"];
  expect(settings.filter((name) => harmful.includes(name) || masking.includes(name))).toEqual([]);
});

test("the programs it starts exist, and it holds no secret itself", () => {
  const [, ...files] = (valueOf("ExecStart") ?? "").split(" ");
  expect(files.filter((file) => !existsSync(file))).toEqual([]);
  expect(lines.filter((line) => /KEY|TOKEN|PASSWORD/.test(line))).toEqual([]);
  expect(valueOf("EnvironmentFile")).toBe("/etc/claude-orchestrator.env");
});
