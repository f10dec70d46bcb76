import { Router } from "express";
import { Health, Ready } from "../contract/system.ts";
import { reply, route } from "./route.ts";

/** How long an answer about the database is good for; anyone may ask, so asking must not cost a query each. */
const REMEMBER_MS = 1_000;
const CHECK_TIMEOUT_MS = 2_000;

export interface HealthParts {
  /** Resolves when the database answers, rejects when it does not. */
  checkDatabase: () => Promise<unknown>;
  /** Migrations are done and the queue is started. */
  isReady: () => boolean;
  version: string;
}

/** `/health` says that the process lives (always 200), `/ready` whether to send it work (200 or 503). */
export function healthRoutes({ checkDatabase, isReady, version }: HealthParts): Router {
  const router = Router();
  const startedAt = Date.now();
  const databaseAnswers = remembered(() => answersInTime(checkDatabase));
  route(
    router,
    "GET /health",
    {
      summary: "Whether the process is alive",
      description: "Always 200; needs no key.",
      tags: ["System"],
      response: Health,
    },
    async () => {
      const isUp = await databaseAnswers();
      const uptimeSeconds = Math.floor((Date.now() - startedAt) / 1000);
      return { status: isUp ? "ok" : "degraded", uptimeSeconds, database: isUp ? "ok" : "down", version } as const;
    },
  );
  route(
    router,
    "GET /ready",
    {
      summary: "Whether the server can take work",
      description: "503 while it cannot; needs no key.",
      tags: ["System"],
      response: Ready,
    },
    async () => {
      const database = (await databaseAnswers()) ? "ok" : "down";
      const ready = database === "ok" && isReady();
      return reply({ ready, database }, { status: ready ? 200 : 503 });
    },
  );
  return router;
}

async function answersInTime(check: () => Promise<unknown>): Promise<boolean> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("the database did not answer in time")), CHECK_TIMEOUT_MS);
  try {
    await Promise.race([check(), tooLate]);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

function remembered<T>(ask: () => Promise<T>): () => Promise<T> {
  let last: { at: number; answer: Promise<T> } | undefined;
  return () => {
    if (!last || Date.now() - last.at > REMEMBER_MS) last = { at: Date.now(), answer: ask() };
    return last.answer;
  };
}
