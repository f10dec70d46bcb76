import type { Scene } from "./scene.ts";

/** A bug with a failing test: read, run, edit, run again. */
export const vatRounding: Scene = {
  title: "Fix VAT rounding on invoices",
  repository: "acme/billing",
  tags: ["bug", "billing"],
  options: { allowedTools: ["Bash(node --test*)", "Bash(git diff*)"] },
  turns: [
    {
      say: "Invoice 2026-0417 is one cent short: half cents are cut off instead of rounded up. Please find out where, fix it and make the tests pass.",
      steps: [
        {
          text: "I'll run the tests first to see the failure, and read the code that adds VAT.",
          calls: [{ bash: "node --test" }, { read: "src/vat.js" }],
          delayMs: 400,
        },
        {
          text: "`gross` cuts the fraction with `Math.floor`. For 350 cents at 7 % the VAT is 24.5 cents, and half a cent should go up.",
          edit: {
            path: "src/vat.js",
            old: "Math.floor((netCents * rate) / 100)",
            new: "Math.round((netCents * rate) / 100)",
          },
          delayMs: 700,
        },
        { text: "Now the tests again.", bash: "node --test", delayMs: 500 },
        { bash: "git diff --stat", delayMs: 300 },
        {
          text: `Fixed, all three tests pass.

**Cause.** \`gross()\` in \`src/vat.js\` cut half cents off with \`Math.floor\`. On invoice 2026-0417 the line at 7 % lost half a cent, so the total was one cent short.

**Change.** One line, rounding half up:

\`\`\`diff
-  return netCents + Math.floor((netCents * rate) / 100);
+  return netCents + Math.round((netCents * rate) / 100);
\`\`\`

**Worth knowing.** Credit notes have negative amounts, and \`Math.round(-24.5)\` is -24. If they shall mirror the invoice exactly, round the absolute value. I left that as it is, because no test says what is wanted.`,
          delayMs: 600,
          paceMs: 20,
        },
      ],
    },
  ],
};

const csvModule = `const quote = (value) => \`"\${String(value).replaceAll('"', '""')}"\`;

/** Orders as CSV, one line each, with a header. */
export function ordersCsv(orders) {
  const lines = orders.map(({ id, placedAt, customer, totalCents }) =>
    [id, placedAt, customer, (totalCents / 100).toFixed(2)].map(quote).join(","),
  );
  return [["id", "placed at", "customer", "total"].join(","), ...lines].join("\\r\\n") + "\\r\\n";
}
`;
const csvTest = `import assert from "node:assert/strict";
import { test } from "node:test";
import { ordersCsv } from "../src/orders-csv.js";

test("each order is a line, and quotes are doubled", () => {
  const csv = ordersCsv([{ id: 7, placedAt: "2026-03-02", customer: 'The "Best" Ltd.', totalCents: 1995 }]);
  assert.match(csv, /"The ""Best"" Ltd\\."/);
  assert.match(csv, /"19.95"\\r\\n$/);
});
`;

/** A conversation of three messages. */
export const csvExport: Scene = {
  title: "CSV export for the orders page",
  repository: "acme/shop",
  tags: ["feature"],
  options: { allowedTools: ["Bash(node --test*)"] },
  turns: [
    {
      say: "The accountants want the orders of a day as CSV. Add an export next to src/orders.js, with a test.",
      steps: [
        { text: "Let me see what an order looks like.", read: "src/orders.js", delayMs: 400 },
        {
          calls: [
            { write: { path: "src/orders-csv.js", content: csvModule } },
            { write: { path: "test/orders-csv.test.js", content: csvTest } },
          ],
          delayMs: 600,
        },
        { bash: "node --test", delayMs: 300 },
        {
          text: "Done: `ordersCsv(orders)` in `src/orders-csv.js`, with a test for quoting. Fields are always quoted, lines end in CRLF as RFC 4180 says, amounts have two decimals.",
          delayMs: 300,
          paceMs: 20,
        },
      ],
    },
    {
      say: "They open it in Excel with German settings: semicolons, and decimal commas please.",
      steps: [
        {
          text: "Excel takes the list separator from the regional settings, so semicolons and decimal commas belong together.",
          calls: [
            { edit: { path: "src/orders-csv.js", old: ".toFixed(2)]", new: '.toFixed(2).replace(".", ",")]' } },
            { edit: { path: "src/orders-csv.js", old: '.join(","),\n  );', new: '.join(";"),\n  );' } },
            { edit: { path: "src/orders-csv.js", old: '"total"].join(",")', new: '"total"].join(";")' } },
            { edit: { path: "test/orders-csv.test.js", old: '"19.95"', new: '"19,95"' } },
          ],
          delayMs: 700,
        },
        { bash: "node --test", delayMs: 300 },
        { text: "Switched to semicolons and decimal commas; the test expects `19,95` now and passes.", delayMs: 300 },
      ],
    },
    {
      say: "Great. One line for the changelog?",
      steps: [
        { text: "> Orders of a day can be exported as CSV (semicolons, decimal commas) for Excel.", delayMs: 500 },
      ],
    },
  ],
};

/** A tool call that fails, is understood, and works in the end. */
export const nightlyImport: Scene = {
  title: "Why did last night's import stop?",
  repository: "acme/crm-import",
  tags: ["bug", "nightly"],
  source: "n8n",
  options: { allowedTools: ["Bash(node scripts/import.js*)"] },
  turns: [
    {
      say: "The nightly CRM import stopped after two customers. Find out why and make it go on with the rest.",
      steps: [
        { text: "I'll run it the way cron does.", bash: "node scripts/import.js data/customers.json", delayMs: 400 },
        {
          text: "It stops at the first customer without an e-mail address. I'll look at the script.",
          read: "scripts/import.js",
          delayMs: 600,
        },
        {
          edit: {
            path: "scripts/import.js",
            old: "for (const customer of customers) {\n",
            new: "for (const customer of customers) {\n  if (!customer.email) {\n    console.warn(`skipped ${customer.id}: no e-mail address`);\n    continue;\n  }\n",
          },
          delayMs: 500,
        },
        { bash: "node scripts/import.js data/customers.json", delayMs: 300 },
        {
          text: "The import stopped at customer **4413** (Fax only Ltd.), who has no e-mail address. It now says so and goes on: 3 imported, 1 skipped.\n\nTonight's run will pick up what was left. Somebody should ask 4413 for an address.",
          delayMs: 400,
          paceMs: 20,
        },
      ],
    },
  ],
};
