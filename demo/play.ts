import { setTimeout as sleep } from "node:timers/promises";
import { Session, type SessionStatus } from "../src/contract/session.ts";
import { followUps } from "./scenes/review.ts";
import type { Scene } from "./scenes/scene.ts";
import { scenes } from "./scenes/scenes.ts";

const POLL_MS = 300;
const BETWEEN_STARTS_MS = 400;
/** How often something is asked in the review while nobody stops the demo, and how often at most. */
const FOLLOW_UP_MS = 45_000;
const MAX_FOLLOW_UPS = 60;

export interface Stage {
  url: string;
  localFolder: string;
  signal: AbortSignal;
}

const RESTING: ReadonlySet<SessionStatus> = new Set(["completed", "failed", "cancelled", "archived"]);

/** Plays all scenes over the API, like any client; resolves when the last of the first messages are sent. */
export async function play(stage: Stage): Promise<void> {
  const playing: Promise<void>[] = [];
  for (const scene of scenes) {
    playing.push(playScene(stage, scene));
    await sleep(BETWEEN_STARTS_MS, undefined, { signal: stage.signal });
  }
  await Promise.all(playing);
}

async function playScene(
  stage: Stage,
  { title, repository, tags = [], source = "api", options, turns }: Scene,
): Promise<void> {
  const [first, ...later] = turns;
  const place = repository
    ? { projectType: "github", githubRepo: repository }
    : { projectType: "local", projectPath: stage.localFolder };
  const { sessionId } = Session.parse(
    await send(stage, "/api/sessions", { ...place, title, tags, source, ...options, initialPrompt: first?.say }),
  );
  for (const { say } of later) {
    await untilResting(stage, sessionId);
    await send(stage, `/api/sessions/${sessionId}/messages`, { content: say, source: "dashboard" });
  }
  if (title === "Review the authentication module") await keepAsking(stage, sessionId);
}

/** Something moves on the dashboard now and then, for half an hour or so. */
async function keepAsking(stage: Stage, sessionId: string): Promise<void> {
  for (let asked = 0; asked < MAX_FOLLOW_UPS; asked++) {
    await untilResting(stage, sessionId);
    await sleep(FOLLOW_UP_MS, undefined, { signal: stage.signal });
    const content = followUps[asked % followUps.length]?.say ?? "";
    await send(stage, `/api/sessions/${sessionId}/messages`, { content, source: "dashboard" });
  }
}

async function untilResting(stage: Stage, sessionId: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${stage.url}/api/sessions/${sessionId}`, { signal: stage.signal });
    const { status } = Session.parse(await response.json());
    if (RESTING.has(status)) return;
    await sleep(POLL_MS, undefined, { signal: stage.signal });
  }
}

async function send({ url, signal }: Stage, path: string, body: object): Promise<unknown> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body), signal });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
