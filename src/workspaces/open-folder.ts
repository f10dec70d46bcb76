import { constants } from "node:fs";
import { mkdir, open } from "node:fs/promises";

/**
 * A folder that is held open. What is looked up in it is in this very folder, even when its path leads elsewhere by
 * now: somebody may put a link in its place between two steps.
 */
export interface OpenFolder extends AsyncDisposable {
  /** The path of a name in it, for the next system call; its last part may still be a link. */
  at(name: string): string;
}

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;

/** Opens a folder; fails with ENOTDIR or ELOOP when its last part is a link. */
export async function openFolder(path: string): Promise<OpenFolder> {
  const handle = await open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return {
    // Other systems cannot name what is open; there a change of the path in between is not noticed.
    at: (name) => `${process.platform === "linux" ? `/proc/self/fd/${handle.fd}` : path}/${name}`,
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

/** Opens a folder in an open one; makes it, for this account alone, when it is not there. */
export async function openOrMakeFolder(parent: OpenFolder, name: string): Promise<OpenFolder> {
  await mkdir(parent.at(name), { mode: 0o700 }).catch((error: unknown) => {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  });
  return openFolder(parent.at(name));
}
