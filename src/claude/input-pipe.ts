import { execFile } from "node:child_process";
import { closeSync, constants, openSync, unlinkSync } from "node:fs";
import { Socket } from "node:net";
import { promisify } from "node:util";
import { AppError } from "../lib/errors.ts";

const MKFIFO_TIMEOUT_MS = 5_000;

/** The write end of Claude's input. While it is open Claude waits for more; closed, it finishes its turn and exits. */
export interface InputPipe {
  readonly open: boolean;
  send(value: object): void;
  close(): void;
}

export const closedInput: InputPipe = { open: false, send: refuse, close: () => undefined };

function refuse(): never {
  throw new AppError("conflict", "Claude takes no more input in this run");
}

/**
 * Makes a named pipe and opens both ends here, so that no order of opening can block or fail. The child gets the
 * reading end only: were the writing end open in the child too, it would never see the end of its input.
 */
export async function openInputPipe(path: string): Promise<{ readFd: number; input: InputPipe }> {
  await promisify(execFile)("mkfifo", ["-m", "600", path], { timeout: MKFIFO_TIMEOUT_MS });
  const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writeFd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  // A description of its own for the child, which expects reads to block.
  const readFd = openSync(path, constants.O_RDONLY);
  closeSync(first);
  // Nobody else can write a line to Claude when the pipe has no name any more.
  unlinkSync(path);
  return { readFd, input: createInput(writeFd) };
}

function createInput(fd: number): InputPipe {
  const socket = new Socket({ fd, readable: false, writable: true });
  let open = true;
  const shut = () => {
    open = false;
  };
  // EPIPE: Claude is gone. Its exit file tells how; that it takes no more input is all there is to know here.
  socket.on("error", shut).on("close", shut);
  return {
    get open() {
      return open;
    },
    send(value) {
      if (!open) refuse();
      socket.write(`${JSON.stringify(value)}\n`);
    },
    close() {
      if (!open) return;
      shut();
      socket.end();
    },
  };
}
