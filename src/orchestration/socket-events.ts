import type { Socket } from "socket.io";
import { z } from "zod";
import { OrchestrationId } from "../contract/orchestration.ts";
import { ProjectNumber } from "../contract/project-event.ts";
import { safeParse } from "../lib/safe-parse.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { Presence } from "./presence.ts";

/** What one socket may listen to. */
const MAX_WORKSPACES = 200;
const MAX_PROJECTS = 500;

const OneWorkspace = z.object({ workspaceId: OrchestrationId });
const Projects = z.object({ projectNumbers: z.array(ProjectNumber).min(1).max(MAX_PROJECTS) });

export const roomOfWorkspace = (workspaceId: string): string => `workspace:${workspaceId}`;
export const roomOfProject = (projectNumber: number): string => `project:${projectNumber}`;

interface Parts {
  feed: Pick<ChangeFeed, "global" | "workspace">;
  presence: Presence;
}

/** Answers what one socket asks. A payload that is none of ours is told so; nothing here throws. */
export function answerSocket(socket: Socket, { feed, presence }: Parts): void {
  const watched = new Set<string>();
  const refuse = (message: string) => socket.emit("error", { message });

  socket.on("subscribe", async (payload: unknown) => {
    const asked = safeParse(OneWorkspace, payload);
    if (!asked.success) return refuse("workspaceId is required");
    const { workspaceId } = asked.data;
    if (!watched.has(workspaceId)) {
      if (watched.size >= MAX_WORKSPACES) return refuse(`a socket may subscribe to ${MAX_WORKSPACES} workspaces`);
      watched.add(workspaceId);
      await socket.join(roomOfWorkspace(workspaceId));
    }
    socket.emit("subscribed", { workspaceId });
    socket.emit("orchestration.global", feed.global);
    const current = feed.workspace(workspaceId);
    if (current) socket.emit("orchestration.workspace", current);
    return presence.joined(workspaceId);
  });

  socket.on("unsubscribe", async (payload: unknown) => {
    const asked = safeParse(OneWorkspace, payload);
    if (!asked.success) return;
    const { workspaceId } = asked.data;
    await socket.leave(roomOfWorkspace(workspaceId));
    socket.emit("unsubscribed", { workspaceId });
    if (watched.delete(workspaceId)) await presence.left(workspaceId);
  });

  socket.on("subscribeProjects", async (payload: unknown) => {
    const asked = safeParse(Projects, payload);
    if (!asked.success) return refuse("projectNumbers array is required");
    const { projectNumbers } = asked.data;
    if (socket.rooms.size + projectNumbers.length > MAX_PROJECTS + MAX_WORKSPACES)
      return refuse(`a socket may subscribe to ${MAX_PROJECTS} projects`);
    await socket.join(projectNumbers.map(roomOfProject));
    return socket.emit("subscribedProjects", { projectNumbers });
  });

  socket.on("disconnect", () => {
    for (const workspaceId of watched) void presence.left(workspaceId);
    watched.clear();
  });
}
