import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { drawWorkflow } from "../../scripts/n8n-picture.ts";
import { readWorkflow, workflowFiles, WORKFLOWS } from "../support/n8n-workflows.ts";

const readme = readFileSync(join(WORKFLOWS, "README.md"), "utf8");

test.each(workflowFiles())(
  "the picture of %s is the one of this file (npm run picture:n8n), and the README shows both",
  (file) => {
    const picture = file.replace(/json$/u, "svg");
    expect(readFileSync(join(WORKFLOWS, "pictures", picture), "utf8")).toBe(drawWorkflow(readWorkflow(file)));
    expect(readme).toContain(`](pictures/${picture})`);
    expect(readme).toContain(`](${file})`);
  },
);

test("a picture shows each node's name and stays within its frame", () => {
  const workflow = readWorkflow("09-approval.json");
  const drawn = drawWorkflow(workflow);
  const [left = 0, top = 0, width = 0, height = 0] =
    /viewBox="([^"]+)"/u.exec(drawn)?.[1]?.split(" ").map(Number) ?? [];
  const names = workflow.nodes.filter(({ type }) => !type.endsWith("stickyNote")).map(({ name }) => name);
  expect(names.filter((name) => !drawn.includes(`>${name.split(" ", 1)[0]}`))).toEqual([]);
  const outside = workflow.nodes.filter(
    ({ position: [x, y] }) => x < left || y < top || x > left + width || y > top + height,
  );
  expect(outside).toEqual([]);
});

test("the README names what each Config holds, but for what all hold", () => {
  const common = new Set(["orchestratorUrl", "requestKey", "sender", "sessionId"]);
  const missing = workflowFiles().flatMap((file) => {
    const config = readWorkflow(file).nodes.find(({ name }) => name === "Config");
    const fields = config?.parameters["assignments"] as { assignments: { name: string }[] } | undefined;
    const [, section = ""] = new RegExp(`\\(${file}\\)(.*)`, "u").exec(readme) ?? [];
    const names = (fields?.assignments ?? []).map(({ name }) => name).filter((name) => !common.has(name));
    return names.filter((name) => !section.includes(`\`${name}\``)).map((name) => `${file}: ${name}`);
  });
  expect(missing).toEqual([]);
});
