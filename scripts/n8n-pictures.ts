// Draws each workflow of n8n-workflows/ for its README. A unit test says when a picture is out of date.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readWorkflow, workflowFiles, WORKFLOWS } from "../test/support/n8n-workflows.ts";
import { drawWorkflow } from "./n8n-picture.ts";

const folder = join(WORKFLOWS, "pictures");
mkdirSync(folder, { recursive: true });
for (const file of workflowFiles()) {
  writeFileSync(join(folder, file.replace(/json$/u, "svg")), drawWorkflow(readWorkflow(file)));
}
console.log(`${workflowFiles().length} pictures in ${folder}`);
