import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { PostMessage } from "../../src/contract/message.ts";
import { createAnswerFiles } from "../../src/deliveries/answer-files.ts";
import type { Channel, Outgoing, OutgoingFiles } from "../../src/deliveries/channel.ts";
import { setConnectedChannels } from "../../src/deliveries/thread-queries.ts";
import { createLogger } from "../../src/lib/logger.ts";
import type { NewFile } from "../../src/messages/message-file-queries.ts";
import { createMessageService } from "../../src/messages/message-service.ts";
import { THREAD_PROMPT } from "../../src/runs/thread-prompt.ts";
import { createWorkspaceService } from "../../src/workspaces/workspace-service.ts";
import { testApp, type TestApp } from "../support/app.ts";
import { git, makeRemote, makeRepository } from "../support/git.ts";
import { startSending } from "../support/outbox.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp({ RUN_MAX_ATTEMPTS: "1" });
});
afterAll(() => app[Symbol.asyncDispose]());

const script = (...steps: object[]) => `MOCK${JSON.stringify(steps)}`;
const textFile = (name: string, text: string): NewFile => ({
  name,
  mediaType: "text/plain",
  content: Buffer.from(text),
});
const shortId = (id: string) => id.slice(0, 8);

/** What a door does with a message that brings files; the sweep finds the run. */
function postWithFiles(sessionId: string, body: object, files: readonly NewFile[], key?: string) {
  const messages = createMessageService({
    db: app.db,
    nudge: () => Promise.resolve(),
    outboundUrls: { check: (_field, url) => url },
  });
  const entry = key === undefined ? undefined : { door: "test", externalId: key };
  return messages.post(sessionId, PostMessage.parse({ source: "slack", author: "Ada", ...body }), entry, files);
}

const addThread = (sessionId: string) =>
  app.db
    .insertInto("emailThreads")
    .values({ sessionId, participant: "ada@example.com", subject: "Work" })
    .returning("id")
    .executeTakeFirstOrThrow();

test("two files come with a message, Claude reads one, and its answer takes a file along", async () => {
  await setConnectedChannels(app.db, ["email"]);
  const remote = await makeRemote(join(app.folder, "app.git"));
  const { sessionId } = await app.start({
    projectType: "github",
    githubRepo: remote,
    appendSystemPrompt: "Speak like a pirate.",
  });
  await addThread(sessionId);
  const first = await postWithFiles(sessionId, { content: script({ text: "Ready." }) }, []);
  expect(first.status).toBe("queued");
  const { workspacePath } = await app.until(sessionId, ["completed", "failed"]);
  const path = workspacePath ?? "";

  // The script has to name the file before its message has an id: Claude finds it by the link the test puts there.
  const posted = await postWithFiles(
    sessionId,
    {
      content: script(
        { read: join(path, "newest/notes.txt") },
        { write: { path: join(path, "out.csv"), content: "a;b\n1;2\n" } },
        { text: "Here it is.\n\nATTACH: out.csv\nATTACH: ../../etc/passwd" },
      ),
    },
    [textFile("notes.txt", "the word is xyzzy"), textFile("../bild\u202Egnp.png", "not a picture")],
    "once",
  );
  await symlink(join(".attachments", shortId(posted.messageId)), join(path, "newest"));
  expect(await postWithFiles(sessionId, { content: "other" }, [], "once").catch(() => "conflict")).toBe("conflict");
  expect((await app.until(sessionId, ["completed", "failed"])).status).toBe("completed");
  await expect.poll(async () => (await app.runs(sessionId)).at(-1)?.status, { timeout: 40_000 }).toBe("succeeded");

  const inbound = (await app.messages(sessionId)).find(({ messageId }) => messageId === posted.messageId);
  expect(inbound?.files).toEqual([
    { name: "notes.txt", mediaType: "text/plain", size: 17 },
    { name: "bildgnp.png", mediaType: "text/plain", size: 13 },
  ]);
  const read = (await app.logs(sessionId)).find(({ tool }) => tool === "Read");
  expect(read).toMatchObject({ success: true });
  expect(JSON.stringify(read?.result)).toContain("the word is xyzzy");
  const asked = app.model.requests.findLast(({ text }) => text.includes("Files that came"));
  expect(asked?.text).toContain(
    `- .attachments/${shortId(posted.messageId)}/notes.txt (text/plain, 17 bytes)\n` +
      `- .attachments/${shortId(posted.messageId)}/bildgnp.png (text/plain, 13 bytes)`,
  );
  expect(asked?.systemTail).toContain(`Speak like a pirate.\n\n${THREAD_PROMPT}`);
  expect((await git(path, "status", "--porcelain")).split("\n").filter(Boolean)).toEqual(["?? newest", "?? out.csv"]);

  const [, sent = expect.fail("nothing was sent")] = await deliver(2);
  expect(sent.files).toMatchObject({
    text: "Here it is.",
    files: [{ name: "out.csv", mediaType: "text/csv", size: 8, content: Buffer.from("a;b\n1;2\n") }],
    refused: [{ path: "../../etc/passwd", why: "is not inside the workspace" }],
  });
}, 120_000);

/** What the thread's channel is given, with its files read as it would. */
async function deliver(count: number): Promise<{ outgoing: Outgoing; files: OutgoingFiles }[]> {
  const log = createLogger("silent");
  const workspaces = createWorkspaceService({ db: app.db, config: readConfig(app.environment).workspaces, log });
  const sent: { outgoing: Outgoing; files: OutgoingFiles }[] = [];
  const channel: Channel = {
    kind: "email",
    async send(outgoing) {
      sent.push({ outgoing, files: await outgoing.files() });
      return { is: "delivered" };
    },
  };
  const connectionString = app.environment["DATABASE_URL"] ?? "";
  const readFiles = createAnswerFiles({ readFile: workspaces.readFile });
  await using _ = await startSending({ db: app.db, connectionString }, { channels: [channel], readFiles });
  await expect.poll(() => sent.length, { timeout: 20_000 }).toBe(count);
  return sent;
}

test("a message that brings files makes a run of its own, even when it asks to steer", async () => {
  const projectPath = await makeRepository(join(app.folder, "steered"));
  const { sessionId } = await app.start({
    projectType: "local",
    projectPath,
    initialPrompt: script({ text: "Slow.", delayMs: 3_000 }),
  });
  await app.until(sessionId, ["running"]);
  const posted = await postWithFiles(sessionId, { content: script({ text: "Second." }), steer: true }, [
    textFile("a.txt", "a"),
  ]);
  expect(posted.status).toBe("queued");
  await expect
    .poll(async () => (await app.runs(sessionId)).map(({ status }) => status), { timeout: 40_000 })
    .toEqual(["succeeded", "succeeded"]);
  const file = join(projectPath, ".attachments", shortId(posted.messageId), "a.txt");
  expect(await readFile(file, "utf8")).toBe("a");
  expect(await git(projectPath, "status", "--porcelain")).toBe("");
  const asked = app.model.requests.findLast(({ text }) => text.includes("Second."));
  expect(asked?.systemTail, "no thread, no word of threads").not.toContain("ATTACH");
}, 120_000);

test("where the attachments' folder is a link the run ends in words, and nothing is written there", async () => {
  const projectPath = await makeRepository(join(app.folder, "linked"));
  const outside = join(app.folder, "outside");
  await mkdir(outside);
  await writeFile(join(outside, "there"), "");
  await symlink(outside, join(projectPath, ".attachments"));
  const { sessionId } = await app.start({ projectType: "local", projectPath });
  await postWithFiles(sessionId, { content: script({ text: "Never said." }) }, [textFile("a.txt", "a")]);
  const { lastReason } = await app.until(sessionId, ["failed"]);
  expect(lastReason).toBe("workspace_failed");
  expect((await app.messages(sessionId)).at(-1)?.content).toMatch(/could not be put .* is a link/);
}, 120_000);

test("names in any script, and what is no media type, are kept in a form that is safe", async () => {
  const projectPath = await makeRepository(join(app.folder, "names"));
  const { sessionId } = await app.start({ projectType: "local", projectPath });
  const names = [
    "Übersicht – März.pdf",
    "見積書.xlsx",
    "عرض.docx",
    "🎉 party.png",
    "..\\..\\up.txt",
    "",
    "-rf",
    "x\n.csv",
  ];
  const files = names.map((name) => ({ ...textFile(name, "a"), mediaType: "text/html\r\nX: y" }));
  await postWithFiles(sessionId, { content: script({ text: "Seen." }), direction: "outbound" }, files);
  const [message] = await app.messages(sessionId);
  expect(message?.files.map(({ name }) => name)).toEqual([
    "Übersicht – März.pdf",
    "見積書.xlsx",
    "عرض.docx",
    "🎉 party.png",
    "up.txt",
    "file",
    "rf",
    "x.csv",
  ]);
  expect(new Set(message?.files.map(({ mediaType }) => mediaType))).toEqual(new Set(["application/octet-stream"]));
});

test("too many or too large files are refused before anything is written", async () => {
  const projectPath = await makeRepository(join(app.folder, "limits"));
  const { sessionId } = await app.start({ projectType: "local", projectPath });
  const large = { ...textFile("a", ""), content: Buffer.alloc(20 * 1024 * 1024 + 1) };
  const third = { ...textFile("a", ""), content: Buffer.alloc(18 * 1024 * 1024) };
  for (const files of [Array.from({ length: 11 }, () => textFile("a", "a")), [large], [third, third, third]])
    await expect(postWithFiles(sessionId, { content: "x" }, files)).rejects.toMatchObject({ code: "too_large" });
  expect(await app.messages(sessionId)).toEqual([]);
});
