import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";

/** A secret of this installation: made once (64 hexadecimal digits) and kept in a file that only its owner reads. */
export async function readSecretFile(file: string): Promise<string> {
  const made = randomBytes(32).toString("hex");
  // Made with "wx": of two processes that begin at once one writes, and both read the same.
  await writeFile(file, `${made}\n`, { mode: 0o600, flag: "wx" }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EEXIST") throw error;
  });
  const secret = await findSecretFile(file);
  if (secret === undefined) throw new Error(`${file} was taken away while it was read`);
  return secret;
}

/** The secret in a file; undefined when there is no such file. */
export async function findSecretFile(file: string): Promise<string | undefined> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
  if (text?.trim() === "") throw new Error(`${file} is empty: remove it, and a new secret is made`);
  return text?.trim();
}
