import { createRequire } from "node:module";
import { n8nProgram } from "./n8n-install.ts";

const EMAIL = "owner@n8n.test";
const PASSWORD = "A-password-for-tests-1";

/** Makes n8n set up its owner by itself; the hash is made by n8n's own library. */
export function ownerEnvironment(): Record<string, string> {
  const bcrypt = createRequire(n8nProgram())("bcryptjs") as { hashSync(text: string, rounds: number): string };
  return {
    N8N_INSTANCE_OWNER_MANAGED_BY_ENV: "true",
    N8N_INSTANCE_OWNER_EMAIL: EMAIL,
    N8N_INSTANCE_OWNER_FIRST_NAME: "Olga",
    N8N_INSTANCE_OWNER_LAST_NAME: "Owner",
    N8N_INSTANCE_OWNER_PASSWORD_HASH: bcrypt.hashSync(PASSWORD, 4),
  };
}

export interface Owner {
  publish(workflowId: string): Promise<void>;
  unpublish(workflowId: string): Promise<void>;
  /** What n8n's own button says about a credential: OK or Error. */
  testCredential(credential: object): Promise<string>;
}

/** What the owner may do through n8n's public API. */
export async function signInAsOwner(url: string): Promise<Owner> {
  const json = { "content-type": "application/json" };
  const login = await fetch(`${url}/rest/login`, {
    method: "POST",
    headers: json,
    body: JSON.stringify({ emailOrLdapLoginId: EMAIL, password: PASSWORD }),
  });
  const cookie = login.headers
    .getSetCookie()
    .map((one) => one.split(";", 1)[0])
    .join("; ");
  const made = await fetch(`${url}/rest/api-keys`, {
    method: "POST",
    headers: { ...json, cookie },
    body: JSON.stringify({
      label: "tests",
      expiresAt: null,
      scopes: ["workflow:activate", "workflow:deactivate"],
    }),
  });
  const text = await made.text();
  if (!made.ok) throw new Error(`no API key of n8n (login: ${login.status}): ${text}`);
  const { data } = JSON.parse(text) as { data: { rawApiKey: string } };

  async function post(path: string): Promise<void> {
    const headers = { "X-N8N-API-KEY": data.rawApiKey };
    const answer = await fetch(`${url}/api/v1/workflows/${path}`, { method: "POST", headers });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  }
  return {
    publish: (id) => post(`${id}/activate`),
    unpublish: (id) => post(`${id}/deactivate`),
    async testCredential(credentials) {
      const body = JSON.stringify({ credentials });
      const tested = await fetch(`${url}/rest/credentials/test`, {
        method: "POST",
        headers: { ...json, cookie },
        body,
      });
      return ((await tested.json()) as { data: { status: string } }).data.status;
    },
  };
}
