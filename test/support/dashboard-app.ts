import { testApp, type TestApp } from "./app.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { git, temporaryFolder, writeFiles } from "./git.ts";

export interface DashboardApp extends AsyncDisposable {
  app: TestApp;
  browser: TestBrowser;
  /** A small repository of the user's, with one commit on main. */
  repository: string;
}

/** The whole server, the built dashboard in a browser, and a repository to work on. */
export async function dashboardApp(
  values: Record<string, string> = {},
  options: { dashboardDir?: string } = {},
): Promise<DashboardApp> {
  await using parts = new AsyncDisposableStack();
  const app = parts.use(await testApp({ MAX_CONCURRENT_RUNS: "4", ...values }, options));
  const browser = parts.use(await startBrowser());
  const folder = parts.use(await temporaryFolder());
  await writeFiles(folder.path, {
    "README.md": "# Invoices\n\nRounds half up.\n",
    "src/round.js": "export const round = (n) => Math.round(n);\n",
  });
  await git(folder.path, "init", "-b", "main");
  await git(folder.path, "add", ".");
  await git(folder.path, "commit", "-m", "Start");
  const kept = parts.move();
  return { app, browser, repository: folder.path, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** A prompt that carries what the scripted model is to answer. */
export const scripted = (words: string, steps: object[]): string => `${words}\n\nMOCK${JSON.stringify(steps)}`;
