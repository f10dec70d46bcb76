import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createInstallState, INSTALL_SECONDS } from "../../../src/channels/slack/install-state.ts";
import { createTokenCipher, readTokenSecret } from "../../../src/lib/token-cipher.ts";

const SECRET = "a secret of at least thirty-two characters";
const TOKEN = "xoxb-1-2-three";

test("a sealed token shows nothing of itself and opens again for its workspace only", () => {
  const cipher = createTokenCipher(SECRET);
  const sealed = cipher.seal("T1", TOKEN);
  expect(sealed.toString("latin1")).not.toContain("xoxb");
  expect(sealed.equals(cipher.seal("T1", TOKEN))).toBe(false);
  expect(cipher.open("T1", sealed)).toBe(TOKEN);
  expect(() => cipher.open("T2", sealed)).toThrow("damaged");
});

test("a token of which one bit was changed, or a part is missing, does not open", () => {
  const cipher = createTokenCipher(SECRET);
  const sealed = cipher.seal("T1", TOKEN);
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => cipher.open("T1", changed)).toThrow("damaged");
    expect(() => cipher.open("T1", sealed.subarray(0, at))).toThrow("damaged");
  }
});

test("another secret is another key, and both say so", () => {
  const [one, other] = [createTokenCipher(SECRET), createTokenCipher(`${SECRET}!`)];
  expect(one.keyId).toBe(createTokenCipher(SECRET).keyId);
  expect(one.keyId).not.toBe(other.keyId);
  expect(() => other.open("T1", one.seal("T1", TOKEN))).toThrow("damaged");
});

test("without a configured secret one is made that only its owner may read, and kept", async () => {
  const folder = await mkdtemp(join(tmpdir(), "orch-key-"));
  try {
    const made = await Promise.all([readTokenSecret(undefined, folder), readTokenSecret(undefined, folder)]);
    expect(made[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(made[1]).toBe(made[0]);
    const file = join(folder, "slack-token-key");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect((await readFile(file, "utf8")).trim()).toBe(made[0]);
    expect(await readTokenSecret(SECRET, folder)).toBe(SECRET);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("only a state that we signed, in the browser that was given it, and in time, ends an installation", () => {
  let now = 1_000_000_000_000;
  const state = createInstallState(SECRET, () => now);
  const issued = state.issue();
  expect(state.fits(issued, issued)).toBe(true);
  expect(state.fits(issued, undefined)).toBe(false);
  expect(state.fits(issued, state.issue())).toBe(false);
  const [expiry, nonce] = issued.split(".");
  for (const forged of [`${expiry}.${nonce}.`, `${Number(expiry) + 999}.${nonce}.${issued.split(".")[2]}`, "", "a.b.c"])
    expect(state.fits(forged, forged)).toBe(false);
  const foreign = createInstallState("another secret of thirty-two signs").issue();
  expect(state.fits(foreign, foreign)).toBe(false);
  now += INSTALL_SECONDS * 1000;
  expect(state.fits(issued, issued)).toBe(false);
});
