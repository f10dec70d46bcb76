import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

export interface BareRepositoryParts {
  /** Object stores it reads from beside its own. */
  objectStores?: readonly string[];
  /** Lines of configuration. */
  config?: readonly string[];
  workTree?: boolean;
  objectFormat?: string;
}

const FOLDERS = ["objects/info", "objects/pack", "refs/heads", "info"];

/** As git reads an alternates file: a line a path, quoted when it could be read as something else. */
const alternateLine = (path: string): string => `${/^["#]/.test(path) ? JSON.stringify(path) : path}\n`;

/** Makes an empty repository by writing its files: no template, no hooks, nothing of the account's configuration. */
export async function writeBareRepository(dir: string, parts: BareRepositoryParts): Promise<void> {
  await Promise.all(FOLDERS.map((name) => mkdir(join(dir, name), { recursive: true, mode: 0o700 })));
  const sha256 = parts.objectFormat === "sha256";
  const config = [
    "[core]",
    `\trepositoryformatversion = ${sha256 ? 1 : 0}`,
    `\tbare = ${!parts.workTree}`,
    ...(parts.config ?? []),
    ...(sha256 ? ["[extensions]", "\tobjectFormat = sha256"] : []),
  ];
  await Promise.all([
    writeFile(join(dir, "HEAD"), "ref: refs/heads/none\n"),
    writeFile(join(dir, "config"), `${config.join("\n")}\n`),
    writeFile(join(dir, "objects/info/alternates"), (parts.objectStores ?? []).map(alternateLine).join("")),
  ]);
}
