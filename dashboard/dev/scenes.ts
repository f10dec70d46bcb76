import { aLog, aMessage, ago, anEvent, aRun, aSession, aStatus } from "./samples.ts";
import { emptyState, type FakeState } from "./fake-api.ts";

const PATCH = `diff --git a/src/webhooks/sign.ts b/src/webhooks/sign.ts
index 9c1e2f0..b2d4411 100644
--- a/src/webhooks/sign.ts
+++ b/src/webhooks/sign.ts
@@ -18,7 +18,12 @@ export function sign(
 export function sign(
   body: Buffer,
-  secret = config.webhookSecret,
+  keys: SigningKey[],
+  now = Date.now(),
 ): string {
-  const mac = createHmac('sha256', secret);
-  return \`v1=\${mac.update(body).digest('hex')}\`;
+  // two keys overlap for 24 h while receivers
+  // move over; newest first, so v1 is stable
+  return keys
+    .filter((key) => key.retiresAt > now)
+    .map((key) => \`v1=\${hmac(key, body)}\`)
+    .join(',');
 }
@@ -41,4 +46,6 @@ export async function deliver(
   const body = encode(event);
+  const keys = await activeKeys(db, tenant);
+  if (keys.length === 0) throw noKey(tenant);
-  const signature = sign(body);
+  const signature = sign(body, keys);
   return post(url, body, {
     'webhook-signature': signature,
diff --git a/src/webhooks/signing-keys.ts b/src/webhooks/signing-keys.ts
new file mode 100644
index 0000000..4b1a2c3
--- /dev/null
+++ b/src/webhooks/signing-keys.ts
@@ -0,0 +1,3 @@
+export interface SigningKey {
+  retiresAt: number;
+}
diff --git a/docs/signing.png b/docs/signing.png
new file mode 100644
index 0000000..1111111
Binary files /dev/null and b/docs/signing.png differ
`;

const TEST_OUTPUT = `Error: Exit code 1

 FAIL  test/webhooks/sign.test.ts > verifies a delivery signed with the retiring key
AssertionError: expected 'v1=9f2c…' to contain 'v1=41be…'
 ❯ test/webhooks/sign.test.ts:58:27

 Tests  1 failed | 30 passed (31)`;

const longOutput = Array.from({ length: 1_284 }, (_, line) => `✓ test/payouts/batch-${line + 1}.test.ts (${(line * 7) % 61} tests)`).join("\n");

/** The session of the pictures: three messages, folded and failing calls, one that is on, a diff. */
function webhookSecret(state: FakeState): void {
  const session = aSession({
    sessionId: "7f3a91c2-0000-4000-8000-000000000001", title: "Rotate the webhook signing secret", githubRepo: "fernhill/payments-api", status: "running",
    source: "slack", slackChannel: "#payments", activity: "npm test · test-runner", costUsd: 0.84, runCount: 2, lastSeq: 40,
    options: { model: "opus", maxBudgetUsd: 5, permissionMode: "acceptEdits" }, tags: ["payments"], createdAt: ago(900), updatedAt: ago(4),
  });
  const first = aMessage(session, { source: "slack", author: "Mara Lindqvist", content: "The webhook secret has to be rotated. Can two secrets be valid at once?", timestamp: ago(880) });
  const run1 = aRun(session, {
    messageId: first.messageId, number: 1, queuedAt: ago(880), startedAt: ago(879), finishedAt: ago(700), durationMs: 179_000, apiDurationMs: 91_000,
    firstTokenMs: 840, turns: 6, costUsd: 0.21, model: "claude-opus-5", claudeVersion: "2.1.329",
    usage: { inputTokens: 1_204, outputTokens: 3_410, cacheReadInputTokens: 81_200, cacheCreationInputTokens: 12_800 },
  });
  const answer1 = aMessage(session, { direction: "outbound", source: "claude", runId: run1.runId, timestamp: ago(701), content: "Yes. `sign()` takes one secret today; it can take **several keys** and send one `v1=` value per active key. I would keep them in a table:\n\n| column | type |\n|---|---|\n| `id` | uuid |\n| `retires_at` | timestamptz |\n\n```ts\nexport function sign(body: Buffer, keys: SigningKey[]): string {\n  return keys.map((key) => `v1=${hmac(key, body)}`).join(\",\");\n}\n```" });
  const second = aMessage(session, { source: "slack", author: "Mara Lindqvist", content: "Receivers must accept both secrets for 24 h. Keep the keys in a table.", timestamp: ago(300) });
  const run2 = aRun(session, { messageId: second.messageId, number: 2, status: "running", reason: null, queuedAt: ago(300), startedAt: ago(299), finishedAt: null, model: "claude-opus-5", claudeVersion: "2.1.329" });
  const queued = aMessage(session, { source: "dashboard", content: "Mention the 24 h window in the changelog.", status: "queued", timestamp: ago(20) });
  const run3 = aRun(session, { messageId: queued.messageId, number: 3, status: "queued", reason: null, queuedAt: ago(20), startedAt: null, finishedAt: null });
  const at = { runId: run2.runId };
  const calls = [
    aLog(session, { runId: run1.runId, tool: "Read", input: { file_path: `${session.workspacePath}/src/webhooks/sign.ts` }, result: "1  import", durationMs: 12, timestamp: ago(860) }),
    aLog(session, { runId: run1.runId, tool: "Grep", input: { pattern: "webhookSecret" }, result: "3 files", durationMs: 31, timestamp: ago(850) }),
    ...["Read", "Read", "Grep", "Agent", "Edit", "Write"].map((tool, n) => aLog(session, { ...at, tool, input: tool === "Grep" ? { pattern: "sign(" } : tool === "Agent" ? { description: "who verifies signatures" } : { file_path: `${session.workspacePath}/src/webhooks/sign.ts` }, result: "ok", durationMs: 7_500, timestamp: ago(290 - n) })),
    aLog(session, { ...at, tool: "Bash", input: { command: "npx vitest run webhooks", description: "Run the webhook tests" }, result: TEST_OUTPUT, status: "failed", success: false, durationMs: 18_200, timestamp: ago(240) }),
    aLog(session, { ...at, tool: "Edit", input: { file_path: `${session.workspacePath}/src/webhooks/sign.ts`, old_string: "secret = config.webhookSecret,", new_string: "keys: SigningKey[],\nnow = Date.now()," }, result: "ok", durationMs: 500, timestamp: ago(220) }),
    aLog(session, { ...at, tool: "Bash", input: { command: "psql --file sql/0042-signing-keys.sql" }, result: "Error: Exit code 3\npsql: could not connect", status: "failed", success: false, durationMs: 1_400, timestamp: ago(200) }),
    aLog(session, { ...at, tool: "Bash", input: { command: "npx vitest run webhooks" }, result: longOutput, durationMs: 18_900, timestamp: ago(180) }),
    aLog(session, { ...at, tool: "Bash", input: { command: "npm test", description: "Run the full suite" }, result: null, status: "running", success: null, durationMs: null, timestamp: ago(38) }),
  ];
  const said = anEvent(session, { seq: 33, key: "m1:0", runId: run2.runId, timestamp: ago(60), data: { text: "Signing now reads `signing_keys` and sends one `v1=` value per active key:\n\n- old deliveries still verify, 31 tests pass\n- the old key retires 24 h after the new one is inserted\n\nNext I apply migration 0042. The full suite runs meanwhile." } });
  state.sessions.push(session);
  state.messages.push(first, answer1, second, queued);
  state.runs.push(run1, run2, run3);
  state.logs.push(...calls);
  state.events.push(said);
  state.diffs.set(session.sessionId, {
    sessionId: session.sessionId, base: "9c1e2f0aa", added: 148, removed: 37, truncated: false, patch: PATCH,
    files: [
      { path: "src/webhooks/sign.ts", previousPath: null, status: "modified", added: 46, removed: 21 },
      { path: "src/webhooks/signing-keys.ts", previousPath: null, status: "added", added: 58, removed: 0 },
      { path: "sql/0042-signing-keys.sql", previousPath: null, status: "added", added: 17, removed: 0 },
      { path: "test/webhooks/sign.test.ts", previousPath: null, status: "modified", added: 24, removed: 14 },
      { path: "docs/signing.png", previousPath: null, status: "added", added: null, removed: null },
    ],
  });
}

/** A run that ended at its budget, after a call that was not allowed. */
function budget(state: FakeState): void {
  const session = aSession({ title: "Nightly dependency bump", status: "failed", source: "schedule", lastReason: "budget", activity: "Budget of $5.00 reached after 41 turns", costUsd: 5, updatedAt: ago(3_900), createdAt: ago(7_000), lastSeq: 9 });
  const asked = aMessage(session, { source: "schedule", content: "Bump what is outdated, run the tests, write what changed.", timestamp: ago(6_990), status: "failed" });
  const run = aRun(session, {
    messageId: asked.messageId, status: "failed", reason: "budget", error: "The run spent its budget of $5.00 after 41 turns and was ended by Claude Code.", startedAt: ago(6_980), finishedAt: ago(3_900),
    durationMs: 3_080_000, turns: 41, costUsd: 5, claudeVersion: "2.2.0", untestedVersion: true, model: "claude-opus-5",
    denials: [{ tool: "Bash", toolUseId: "toolu_x", input: { command: "git push --set-upstream origin claude/19be5520" } }], stderrTail: "warning: 3 packages are deprecated",
    attempts: [{ attempt: 1, workerId: "w", pid: 4411, reason: "interrupted", exitCode: null, startedAt: ago(6_980), finishedAt: ago(6_500) }, { attempt: 2, workerId: "w", pid: 5102, reason: "budget", exitCode: 1, startedAt: ago(6_490), finishedAt: ago(3_900) }],
  });
  state.sessions.push(session);
  state.messages.push(asked);
  state.runs.push(run);
}

/** A lively installation, for development and for pictures. */
export function livelyState(): FakeState {
  const state = emptyState();
  webhookSecret(state);
  budget(state);
  const more: Parameters<typeof aSession>[0][] = [
    { title: "Checkout test retries twice", status: "running", source: "github", activity: "npx vitest run checkout", costUsd: 1.12, updatedAt: ago(72), createdAt: ago(400) },
    { title: "Cursor paging for GET /v1/refunds", githubRepo: "fernhill/payments-api", status: "running", source: "n8n", activity: "Editing src/refunds/list.ts", costUsd: 0.47, updatedAt: ago(3), createdAt: ago(500) },
    { title: "Why is the settlement report slow?", githubRepo: "fernhill/ledger", status: "running", source: "slack", activity: "Reading 9 of 14 query plans", costUsd: 0.09, updatedAt: ago(500), createdAt: ago(600) },
    { title: "Replace date-fns 3 with Temporal", status: "running", source: "dashboard", activity: "Recovered after restart, attempt 2", costUsd: 2.36, updatedAt: ago(9), createdAt: ago(1_300) },
    { title: "Backfill merchant country codes", status: "waiting", waitingFor: { kind: "limit", text: "Usage limit", until: new Date(Date.now() + 7_200_000).toISOString() }, updatedAt: ago(2_460) },
    { title: "Port e2e suite to Playwright", status: "queued", waitingFor: { kind: "slot", text: "Queued, 2nd for web", until: null }, updatedAt: ago(240) },
    { title: "Refresh OFAC list parser", status: "waiting", waitingFor: { kind: "retry", text: "Retry 2 of 3, API 529", until: new Date(Date.now() + 60_000).toISOString() }, updatedAt: ago(120) },
  ];
  for (const given of more) state.sessions.push(aSession(given));
  const done = ["Explain PSP error 4021 to support", "Add OpenAPI examples for payouts", "Weekly flaky-test report", "Credit note PDF has wrong VAT line"];
  for (const [index, title] of done.entries()) state.sessions.push(aSession({ title, updatedAt: ago(4_000 + index * 1_400), costUsd: 0.3 + index }));
  for (let index = 0; index < 40; index += 1) state.sessions.push(aSession({ title: `Sweep ${index + 1} of the dead code`, updatedAt: ago(90_000 + index * 9_000), createdAt: ago(95_000 + index * 9_000) }));
  state.status = aStatus({ slots: { busy: 5, total: 8 }, queued: 1, waiting: 2, costTodayUsd: 38.2, hooksReceived: 1_204 });
  return state;
}
