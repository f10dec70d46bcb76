import { io } from "socket.io-client";
import type { GlobalEvent, SubscribedEvent, WorkspaceEvent } from "../../src/contract/orchestration.ts";

export interface Counts {
  global?: GlobalEvent | undefined;
  workspace?: WorkspaceEvent | undefined;
}

interface Options {
  token?: string;
  /** What the last life of the editor saved; it is shown until the server has answered. */
  kept?: Counts;
  show: (counts: Counts) => void;
}

/** Shows what is true now, and each change; the caller ends it by what is returned. */
export function followCounts(url: string, workspaceId: string, { token, kept = {}, show }: Options): () => void {
  let counts = kept;
  const take = (change: Counts) => show((counts = { ...counts, ...change }));
  const socket = io(url, { path: "/orchestration", auth: token ? { token } : {} });
  // With every connection, so that it holds after the server was away.
  socket.on("connect", () => socket.emit("subscribe", { workspaceId }));
  socket.on("subscribed", ({ known }: SubscribedEvent) => {
    if (!known) take({ workspace: undefined });
  });
  // What comes is never older than what came before: there is nothing to compare.
  socket.on("orchestration.global", (global: GlobalEvent) => take({ global }));
  socket.on("orchestration.workspace", (workspace: WorkspaceEvent) => take({ workspace }));
  show(counts);
  return () => socket.disconnect();
}
