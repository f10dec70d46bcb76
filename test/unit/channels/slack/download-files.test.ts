import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { downloadFiles, mayFetch, verdictLine } from "../../../../src/channels/slack/download-files.ts";
import { MAX_FILE_BYTES } from "../../../../src/contract/message-file.ts";

const may = (address: string) => mayFetch(address, "https://slack.com/api/");

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("the bot's token goes to Slack's file hosts only", () => {
  expect(may("https://files.slack.com/files-pri/T1-F1/a.txt")).toBe(true);
  const others = [
    "http://files.slack.com/a",
    "https://files.slack.com:8443/a",
    "https://files.slack.com.evil.example/a",
    "https://user:pass@files.slack.com/a",
    "https://evil.example/files.slack.com",
    "file:///etc/passwd",
    "http://169.254.169.254/latest",
    "nothing",
  ];
  expect(others.filter(may)).toEqual([]);
});

test("each file gets a verdict: taken, too large by its word or in truth, a sign-in page, elsewhere, gone", async () => {
  const url = await serve((req, res) => {
    if (req.headers.authorization !== "Bearer xoxb-1") return res.writeHead(403).end();
    if (req.url === "/page") return res.writeHead(200, { "content-type": "text/html" }).end("<form>");
    if (req.url === "/sign-in") return res.writeHead(302, { location: "/elsewhere" }).end();
    if (req.url === "/huge") return res.writeHead(200).end(Buffer.alloc(MAX_FILE_BYTES + 1));
    return res.writeHead(200, { "content-type": "text/plain" }).end("hello");
  });
  const file = (id: string, path: string, more: object = {}) => ({
    id,
    name: `${id}.txt`,
    url_private: `${url}${path}`,
    ...more,
  });
  const files = [
    file("ok", "/a", { mimetype: "text/plain" }),
    file("page", "/page"),
    file("moved", "/sign-in"),
    file("huge", "/huge", { size: 10 }),
    file("said", "/a", { size: MAX_FILE_BYTES + 1 }),
    { id: "far", name: "far.txt", url_private: "https://evil.example/a" },
    { id: "gone", name: "gone.txt", mode: "tombstone" },
  ];
  const rules = { token: "xoxb-1", apiUrl: `${url}/api/` };
  const { taken, verdicts } = await downloadFiles(files, rules, AbortSignal.timeout(20_000));
  expect(taken.map(({ name, content }) => [name, content.toString()])).toEqual([["ok.txt", "hello"]]);
  expect(verdicts.map(verdictLine)).toEqual([
    "ok.txt: taken (1 KB)",
    expect.stringContaining("files:read"),
    expect.stringContaining("files:read"),
    expect.stringContaining("larger than 20 MiB"),
    expect.stringContaining("larger than 20 MiB"),
    expect.stringContaining("outside of Slack"),
    expect.stringContaining("does not have it any more"),
  ]);
});
