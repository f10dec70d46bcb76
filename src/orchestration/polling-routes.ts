import type { IncomingMessage, ServerResponse } from "node:http";
import { Router } from "express";

interface Parts {
  accepts: (path: string) => boolean;
  /** Answers a request of Engine.IO. */
  answer: (path: string, req: IncomingMessage, res: ServerResponse) => void;
}

/** Sockets that are none: Socket.IO asks by HTTP where WebSocket does not get through. */
export function createPollingRoutes({ accepts, answer }: Parts): Router {
  const router = Router();
  router.use((req, res, next) => {
    // A page of the dashboard has the same address.
    if (!accepts(req.path) || req.query["EIO"] === undefined) return next();
    return answer(req.path, req, res);
  });
  return router;
}
