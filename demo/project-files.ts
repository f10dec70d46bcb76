/** The small projects the demo works on: a path and its content each. Their tests run with nothing but Node. */
export type ProjectFiles = Readonly<Record<string, string>>;

const manifest = (name: string): string =>
  `${JSON.stringify({ name, private: true, type: "module", scripts: { test: "node --test" } }, null, 2)}\n`;

const billing: ProjectFiles = {
  "package.json": manifest("billing"),
  "README.md": "# Billing\n\nPrices are integers in cents. VAT is rounded half up, line by line.\n",
  "src/vat.js": `/** Gross price in cents of a net price in cents at a VAT rate in percent. */
export function gross(netCents, rate) {
  return netCents + Math.floor((netCents * rate) / 100);
}

/** What the customer pays for all lines together. */
export function invoiceTotal(lines) {
  return lines.reduce((sum, { netCents, quantity, rate }) => sum + gross(netCents * quantity, rate), 0);
}
`,
  "test/vat.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { gross, invoiceTotal } from "../src/vat.js";

test("VAT is added to the net price", () => {
  assert.equal(gross(1000, 19), 1190);
});

test("half a cent is rounded up", () => {
  assert.equal(gross(350, 7), 375);
});

test("an invoice is the sum of its rounded lines", () => {
  const lines = [
    { netCents: 350, quantity: 1, rate: 7 },
    { netCents: 1995, quantity: 2, rate: 19 },
  ];
  assert.equal(invoiceTotal(lines), 375 + 4748);
});
`,
};

const shop: ProjectFiles = {
  "package.json": manifest("shop"),
  "README.md": "# Shop\n\nThe order pages of the web shop.\n",
  "src/orders.js": `/** Orders of a day, newest first. */
export function ordersOf(day, orders) {
  return orders
    .filter((order) => order.placedAt.startsWith(day))
    .toSorted((a, b) => b.placedAt.localeCompare(a.placedAt));
}
`,
  "test/orders.test.js": `import assert from "node:assert/strict";
import { test } from "node:test";
import { ordersOf } from "../src/orders.js";

test("only the orders of the day are listed, newest first", () => {
  const orders = [
    { id: 1, placedAt: "2026-03-01T09:00" },
    { id: 2, placedAt: "2026-03-02T08:00" },
    { id: 3, placedAt: "2026-03-02T17:30" },
  ];
  assert.deepEqual(ordersOf("2026-03-02", orders).map(({ id }) => id), [3, 2]);
});
`,
};

const crm: ProjectFiles = {
  "package.json": manifest("crm-import"),
  "README.md": "# CRM import\n\nRuns every night: `node scripts/import.js data/customers.json`\n",
  "scripts/import.js": `import { readFileSync } from "node:fs";

const customers = JSON.parse(readFileSync(process.argv[2], "utf8"));
const imported = [];

for (const customer of customers) {
  imported.push({ id: customer.id, email: customer.email.toLowerCase(), name: customer.name.trim() });
}

console.log(\`imported \${imported.length} customers\`);
`,
  "data/customers.json": `${JSON.stringify(
    [
      { id: 4411, name: "Ada Lovelace", email: "Ada@Example.com" },
      { id: 4412, name: " Grace Hopper", email: "grace@example.com" },
      { id: 4413, name: "Fax only Ltd." },
      { id: 4414, name: "Alan Kay", email: "alan@example.com" },
    ],
    null,
    2,
  )}\n`,
};

const gateway: ProjectFiles = {
  "package.json": manifest("gateway"),
  "README.md": "# Gateway\n\nSign-in and sessions for all services.\n",
  "src/auth/session.js": `import { createHmac, timingSafeEqual } from "node:crypto";

const sign = (payload, secret) => createHmac("sha256", secret).update(payload).digest("base64url");

export function issue(userId, secret) {
  const payload = Buffer.from(JSON.stringify({ userId, issuedAt: Date.now() })).toString("base64url");
  return \`\${payload}.\${sign(payload, secret)}\`;
}

export function verify(token, secret) {
  const [payload, signature] = token.split(".");
  if (!timingSafeEqual(Buffer.from(signature), Buffer.from(sign(payload, secret)))) return null;
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}
`,
  "src/auth/password.js": `import { scryptSync, randomBytes } from "node:crypto";

export function hash(password) {
  const salt = randomBytes(16);
  return \`\${salt.toString("hex")}:\${scryptSync(password, salt, 32).toString("hex")}\`;
}

export function matches(password, stored) {
  const [salt, key] = stored.split(":");
  return scryptSync(password, Buffer.from(salt, "hex"), 32).toString("hex") === key;
}
`,
};

const ops: ProjectFiles = {
  "README.md": "# Operations\n\nCron scripts of the old machines.\n",
  ...Object.fromEntries(
    ["backup", "rotate-logs", "renew-certificates", "warm-cache"].map((name) => [
      `cron/${name}.sh`,
      `#!/bin/sh\nset -eu\necho "${name}: start"\n`,
    ]),
  ),
};

/** Repositories of the demo's git host, by owner and name. */
export const repositories: Readonly<Record<string, ProjectFiles>> = {
  "acme/billing": billing,
  "acme/shop": shop,
  "acme/crm-import": crm,
  "acme/gateway": gateway,
  "acme/ops": ops,
};

/** A folder of the user's own, where one session works at a time. */
export const searchFolder: ProjectFiles = {
  "package.json": manifest("search"),
  "README.md": "# Search\n\nthe search index\n",
  "soak.js": `const end = Date.now() + Number(process.argv[2] ?? 60) * 1000;
let queries = 0;
const timer = setInterval(() => {
  queries += 250;
  if (Date.now() < end) return;
  clearInterval(timer);
  console.log(\`\${queries} queries, 0 errors, p95 38 ms\`);
}, 500);
`,
};
