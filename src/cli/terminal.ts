import { createInterface } from "node:readline/promises";
import type { Terminal } from "./hooks-install.ts";

/** The terminal this process was started on. */
export const createTerminal = (): Terminal => ({
  isInteractive: process.stdin.isTTY && process.stdout.isTTY,
  write: (text) => void process.stdout.write(text),
  async confirm(question) {
    const lines = createInterface({ input: process.stdin, output: process.stdout });
    try {
      return /^y(?:es)?$/iu.test((await lines.question(`${question} [y/N] `)).trim());
    } finally {
      lines.close();
    }
  },
});
