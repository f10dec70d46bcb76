import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { testApp, type TestApp } from "../support/app.ts";
import { requirePeer } from "../support/peers.ts";
import { hasOpenssl, startTokenEndpoint, type TokenEndpoint } from "../support/token-endpoint.ts";

/** Longer than Claude Code waits for another one that renews: it then goes on with the token that has ended. */
const RENEWAL_TAKES_MS = 12_000;

requirePeer("openssl", hasOpenssl, "apt-get install openssl");

const accountOf = ({ folder }: TestApp) => join(folder, "home", ".claude");

/** A server without key or token; the account it runs under has a made-up login that ends in so long. */
async function loggedInApp(login: TokenEndpoint, endsInMs: number): Promise<TestApp> {
  const app = await testApp({ ANTHROPIC_API_KEY: "", MAX_CONCURRENT_RUNS: "4", ...login.environment });
  await mkdir(accountOf(app));
  const oauth = { accessToken: "access-1", refreshToken: "refresh-1", subscriptionType: "max" };
  const scopes = ["user:inference", "user:profile"];
  await writeFile(
    join(accountOf(app), ".credentials.json"),
    JSON.stringify({ claudeAiOauth: { ...oauth, scopes, expiresAt: Date.now() + endsInMs } }),
  );
  return app;
}

async function startThree(app: TestApp): Promise<string[]> {
  return Promise.all(
    ["a", "b", "c"].map(async (name) => {
      const projectPath = join(app.folder, name);
      await mkdir(projectPath);
      return (await app.start({ projectType: "local", projectPath, initialPrompt: name })).sessionId;
    }),
  );
}

const waits = async (app: TestApp): Promise<string> =>
  JSON.stringify(await app.db.selectFrom("runs").select("waitingFor").execute());

const credentials = ({ model }: TestApp) => [...new Set(model.requests.map(({ credential }) => credential))];

test("a login that has ended is renewed by one run while the others wait and say so, and then all use the new one", async () => {
  await using login = await startTokenEndpoint({ delayMs: RENEWAL_TAKES_MS });
  await using app = await loggedInApp(login, -1_000);
  const ids = await startThree(app);
  await expect.poll(() => waits(app), { timeout: 10_000 }).toContain("renewing the login");
  for (const id of ids) expect((await app.until(id, ["completed", "failed"])).status).toBe("completed");
  expect(login.handedIn).toEqual(["refresh-1"]);
  expect(credentials(app), "nobody asked with the token that had ended").toEqual(["access-2"]);
  expect(await readFile(join(accountOf(app), ".credentials.json"), "utf8")).toContain("access-2");
}, 90_000);

test("with a login that is good for long all runs begin at once", async () => {
  await using login = await startTokenEndpoint({ delayMs: 0 });
  await using app = await loggedInApp(login, 3_600_000);
  const ids = await startThree(app);
  for (const id of ids) expect((await app.until(id, ["completed", "failed"])).status).toBe("completed");
  expect(login.handedIn).toEqual([]);
  expect(credentials(app)).toEqual(["access-1"]);
  const events = await app.db.selectFrom("sessionEvents").select("data").execute();
  expect(JSON.stringify(events)).not.toContain("renewing");
}, 60_000);
