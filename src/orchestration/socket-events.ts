import type { Socket } from "socket.io";
import { z } from "zod";
import { OrchestrationId, type SubscribedEvent } from "../contract/orchestration.ts";
import { ProjectNumber } from "../contract/project-event.ts";
import { safeParse } from "../contract/safe-parse.ts";
import type { ChangeFeed } from "./change-feed.ts";
import type { Presence } from "./presence.ts";
import { limitQuestions } from "./question-limit.ts";

/** What one socket may listen to. */
const MAX_WORKSPACES = 200;
const MAX_PROJECTS = 500;

const OneWorkspace = z.object({ workspaceId: OrchestrationId });
const Projects = z.object({ projectNumbers: z.array(ProjectNumber).min(1).max(MAX_PROJECTS) });

export const roomOfWorkspace = (workspaceId: string): string => `workspace:${workspaceId}`;
export const roomOfProject = (projectNumber: number): string => `project:${projectNumber}`;

interface Parts {
  feed: Pick<ChangeFeed, "global" | "workspace">;
  presence: Pick<Presence, "joined" | "left">;
}

/** Answers what one socket asks. A payload that is none of ours is told so; nothing here throws. */
export function answerSocket(socket: Socket, parts: Parts): void {
  limitQuestions(socket);
  answerWorkspaces(socket, parts);
  answerProjects(socket);
}

const refuse = (socket: Socket, message: string) => socket.emit("error", { message });

function answerWorkspaces(socket: Socket, { feed, presence }: Parts): void {
  const watched = new Set<string>();

  /** Why it may not; undefined when it is watched from now on. */
  function watch(workspaceId: string): string | undefined {
    if (watched.has(workspaceId)) return undefined;
    if (watched.size >= MAX_WORKSPACES) return `a socket may subscribe to ${MAX_WORKSPACES} workspaces`;
    if (!presence.joined(workspaceId)) return "too many workspaces are subscribed to";
    watched.add(workspaceId);
    return undefined;
  }

  socket.on("subscribe", async (payload: unknown) => {
    const asked = safeParse(OneWorkspace, payload);
    if (!asked.success) return refuse(socket, "workspaceId is required");
    const { workspaceId } = asked.data;
    const refusal = watch(workspaceId);
    if (refusal !== undefined) return refuse(socket, refusal);
    await socket.join(roomOfWorkspace(workspaceId));
    const current = feed.workspace(workspaceId);
    const answer: SubscribedEvent = { workspaceId, known: current !== undefined };
    socket.emit("subscribed", answer);
    socket.emit("orchestration.global", feed.global);
    return current && socket.emit("orchestration.workspace", current);
  });

  socket.on("unsubscribe", async (payload: unknown) => {
    const asked = safeParse(OneWorkspace, payload);
    if (!asked.success) return;
    const { workspaceId } = asked.data;
    await socket.leave(roomOfWorkspace(workspaceId));
    if (watched.delete(workspaceId)) await presence.left(workspaceId);
    socket.emit("unsubscribed", { workspaceId });
  });

  socket.on("disconnect", () => {
    for (const workspaceId of watched) void presence.left(workspaceId);
    watched.clear();
  });
}

function answerProjects(socket: Socket): void {
  const listened = new Set<number>();

  socket.on("subscribeProjects", async (payload: unknown) => {
    const asked = safeParse(Projects, payload);
    if (!asked.success) return refuse(socket, "projectNumbers array is required");
    const { projectNumbers } = asked.data;
    const more = new Set(projectNumbers.filter((number) => !listened.has(number)));
    if (listened.size + more.size > MAX_PROJECTS)
      return refuse(socket, `a socket may subscribe to ${MAX_PROJECTS} projects`);
    for (const number of more) listened.add(number);
    await socket.join(projectNumbers.map(roomOfProject));
    return socket.emit("subscribedProjects", { projectNumbers });
  });
}
