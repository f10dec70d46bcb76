import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Nothing of this machine's git configuration: tests see the git a stranger has. */
const ENVIRONMENT = {
  PATH: process.env["PATH"] ?? "",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Ada",
  GIT_AUTHOR_EMAIL: "ada@example.com",
  GIT_COMMITTER_NAME: "Ada",
  GIT_COMMITTER_EMAIL: "ada@example.com",
};

/** Runs git as an agent or a person would, with the repository's own configuration. Gives its output, untouched. */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await run("git", args, { cwd, env: ENVIRONMENT, maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

export const writeFiles = async (folder: string, files: Record<string, string>): Promise<void> => {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
};

/** A folder that goes with the test; its real path. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "orchestrator-test-git-")));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

export async function commitAll(folder: string, message: string): Promise<string> {
  await git(folder, "add", "--all");
  await git(folder, "commit", "--quiet", "--message", message);
  return (await git(folder, "rev-parse", "HEAD")).trim();
}

export const SMALL_PROJECT = {
  "README.md": "# A small project\n",
  "src/main.js": "console.log('hello');\n",
  ".gitignore": "node_modules/\n.env\n*.log\n",
};

/** A repository with a work tree and one commit on `main`. */
export async function makeRepository(folder: string, files: Record<string, string> = SMALL_PROJECT): Promise<string> {
  await mkdir(folder, { recursive: true });
  await git(folder, "init", "--quiet", "--initial-branch=main");
  await writeFiles(folder, files);
  await commitAll(folder, "First");
  return folder;
}

/** A bare repository, as a host keeps it, with one commit on `main`. */
export async function makeRemote(folder: string, files?: Record<string, string>): Promise<string> {
  const source = `${folder}.source`;
  await makeRepository(source, files);
  await git(source, "clone", "--quiet", "--bare", source, folder);
  await git(folder, "config", "http.receivepack", "true");
  await rm(source, { recursive: true });
  return folder;
}

/** Commits these files on a branch of a bare repository; gives the commit. */
export async function pushTo(remote: string, files: Record<string, string>, branch = "main"): Promise<string> {
  await using folder = await temporaryFolder();
  const clone = join(folder.path, "clone");
  await git(folder.path, "clone", "--quiet", remote, clone);
  await git(clone, "checkout", "--quiet", "-B", branch);
  await writeFiles(clone, files);
  const commit = await commitAll(clone, "More");
  await git(clone, "push", "--quiet", "--force", "origin", branch);
  return commit;
}

export interface GitHost extends AsyncDisposable {
  url: string;
  /** The Authorization header of each request, in order; "" where there was none. */
  authorizations: string[];
}

/**
 * Serves the bare repositories of a folder over HTTP with `git http-backend`, as a git host does: requests without the
 * token get 401. `delayMs` keeps every answer waiting.
 */
export async function startGitHost(root: string, options: { token?: string; delayMs?: number } = {}): Promise<GitHost> {
  const authorizations: string[] = [];
  const expected = options.token && `Basic ${Buffer.from(`x-access-token:${options.token}`).toString("base64")}`;
  const server = createServer((request, response) => {
    authorizations.push(request.headers.authorization ?? "");
    if (expected && request.headers.authorization !== expected) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
      return;
    }
    setTimeout(() => serve(root, request, response), options.delayMs ?? 0);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    authorizations,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://host");
  const backend = spawn("git", ["http-backend"], {
    env: {
      ...ENVIRONMENT,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: decodeURIComponent(url.pathname),
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      ...(request.headers["content-encoding"] && { HTTP_CONTENT_ENCODING: request.headers["content-encoding"] }),
      ...(request.headers["git-protocol"] && { GIT_PROTOCOL: String(request.headers["git-protocol"]) }),
      REMOTE_USER: "test",
      REMOTE_ADDR: "127.0.0.1",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(backend.stdin);
  backend.stdin.on("error", () => {});
  response.on("close", () => backend.kill());
  const chunks: Buffer[] = [];
  backend.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  backend.on("close", () => answer(Buffer.concat(chunks), response));
}

/** What a CGI program says: headers, an empty line, the body. */
function answer(output: Buffer, response: ServerResponse): void {
  const end = output.indexOf("\r\n\r\n");
  const headers = output.subarray(0, Math.max(0, end)).toString().split("\r\n").filter(Boolean);
  for (const header of headers) {
    const [name = "", value = ""] = header.split(/: (.*)/s);
    if (name.toLowerCase() === "status") response.statusCode = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.end(output.subarray(end + 4));
}
