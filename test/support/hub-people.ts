import type { HubConfig } from "../../src/config-hub.ts";
import type { HubMachine } from "../../src/contract/hub.ts";
import { startGitHub } from "./github-stand-in.ts";
import { requestAs, testHub } from "./hub.ts";

export type HubWithPeople = Awaited<ReturnType<typeof hubWithPeople>>;

export const cookiesOf = (headers: { "set-cookie"?: string | string[] | undefined }): string[] =>
  [headers["set-cookie"] ?? []].flat().map((line) => line.split(";", 1)[0] ?? "");

/** A hub that people sign in to, and their GitHub. */
export async function hubWithPeople(allowed: HubConfig["allowed"], given: Partial<HubConfig> = {}) {
  await using parts = new AsyncDisposableStack();
  const github = parts.use(await startGitHub());
  const settings = {
    clientId: "client-id",
    clientSecret: "client-secret",
    url: github.url,
    apiUrl: `${github.url}/api/v3`,
  };
  const hub = parts.use(await testHub({ ...given, github: settings, allowed }));
  const host = `localhost:${hub.port}`;
  let signIns = 0;

  const ask = (path: string, headers: Record<string, string> = {}, method = "GET", body?: unknown) =>
    requestAs(hub.port, {
      host,
      path,
      method,
      headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  /** Through GitHub's page and back, as a browser goes. */
  async function signIn(login: string, { dropCookie = false }: { dropCookie?: boolean } = {}) {
    github.state.login = login;
    // Each from an address of its own: from one address nobody may sign in so often.
    const from = { "x-forwarded-for": `198.51.100.${(signIns += 1)}` };
    const begun = await ask("/auth/github?to=/clients", from);
    const there = await fetch(String(begun.headers["location"]), { redirect: "manual" });
    const back = new URL(there.headers.get("location") ?? "");
    const cookie = dropCookie ? "" : cookiesOf(begun.headers).join("; ");
    const done = await ask(back.pathname + back.search, { ...from, cookie });
    const hubCookie = cookiesOf(done.headers).find((line) => line.startsWith("hub=") && line !== "hub=");
    return { done, back, cookie: hubCookie ?? "", begunCookie: cookie };
  }

  async function tokenOf(cookie: string, name: string): Promise<string> {
    const made = await ask("/api/tokens", { cookie }, "POST", { name });
    return (JSON.parse(made.body.toString()) as { token: string }).token;
  }

  /** A machine of this person, connected. */
  async function machineOf(cookie: string, hostname: string) {
    const token = await tokenOf(cookie, hostname);
    const socket = await hub.socket(`/ws/connect?token=${token}&client_id=${hostname}`);
    socket.send({ type: "register", client_id: hostname, user_token: "", metadata: { hostname, project: "/p" } });
    await socket.frame("registered");
    return { token, socket };
  }

  const seenBy = async (cookie: string): Promise<HubMachine[]> =>
    (JSON.parse((await ask("/clients", { cookie })).body.toString()) as { clients: HubMachine[] }).clients;

  const kept = parts.move();
  return {
    hub,
    github,
    settings,
    host,
    ask,
    signIn,
    tokenOf,
    machineOf,
    seenBy,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}
