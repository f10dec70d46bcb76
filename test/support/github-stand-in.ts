import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Person {
  id: number;
  login: string;
  orgs: string[];
  /** org/slug */
  teams: string[];
}

/** The few calls of GitHub that a sign-in needs, with its rules: a code is good once, PKCE is checked, the secret too. */
export async function startGitHub() {
  const people = new Map<string, Person>();
  const codes = new Map<string, { challenge: string; redirect: string; login: string }>();
  const tokens = new Map<string, string>();
  const state = { login: "octocat", isDown: false };

  function authorize(url: URL, res: ServerResponse): void {
    const code = randomBytes(8).toString("hex");
    const redirect = url.searchParams.get("redirect_uri") ?? "";
    codes.set(code, { challenge: url.searchParams.get("code_challenge") ?? "", redirect, login: state.login });
    const to = new URL(redirect);
    to.searchParams.set("code", code);
    to.searchParams.set("state", url.searchParams.get("state") ?? "");
    res.writeHead(302, { location: to.href }).end();
  }

  async function exchange(req: IncomingMessage, res: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of req) text += String(chunk);
    const form = new URLSearchParams(text);
    const begun = codes.get(form.get("code") ?? "");
    codes.delete(form.get("code") ?? "");
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    const isRight =
      begun?.challenge === challenge &&
      begun.redirect === form.get("redirect_uri") &&
      form.get("client_secret") === "client-secret";
    if (!isRight) return sendJson(res, { error: "bad_verification_code" });
    const token = `gho_${randomBytes(12).toString("hex")}`;
    tokens.set(token, begun.login);
    sendJson(res, { access_token: token, scope: "read:org,read:user", token_type: "bearer" });
  }

  function answerApi(req: IncomingMessage, res: ServerResponse, path: string): void {
    const person = people.get(tokens.get((req.headers.authorization ?? "").replace("Bearer ", "")) ?? "");
    if (state.isDown) return void res.writeHead(503).end();
    if (!person) return void res.writeHead(401).end("{}");
    sendJson(res, answerAbout(person, path));
  }

  const server = createServer((req, res) => {
    const url = new URL(req.url ?? "/", "http://github");
    if (url.pathname === "/login/oauth/authorize") authorize(url, res);
    else if (url.pathname === "/login/oauth/access_token") void exchange(req, res);
    else answerApi(req, res, url.pathname);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    state,
    add: (person: Person) => void people.set(person.login, person),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const sendJson = (res: ServerResponse, value: unknown): void =>
  void res.writeHead(200, { "content-type": "application/json; charset=utf-8" }).end(JSON.stringify(value));

function answerAbout({ id, login, orgs, teams }: Person, path: string): unknown {
  if (path === "/api/v3/user") return { id, login };
  if (path === "/api/v3/user/memberships/orgs")
    return orgs.map((org) => ({ state: "active", organization: { login: org } }));
  const split = teams.map((team) => team.split("/"));
  return split.map(([org, slug]) => ({ slug, organization: { login: org } }));
}
