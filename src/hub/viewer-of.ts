import type { IncomingMessage } from "node:http";
import { AppError } from "../lib/errors.ts";
import type { Viewer } from "./viewer.ts";

const viewers = new WeakMap<IncomingMessage, Viewer>();

export const setViewer = (req: IncomingMessage, viewer: Viewer): void => void viewers.set(req, viewer);

/** Who sent this request; throws "unauthorized" for nobody. */
export function viewerOf(req: IncomingMessage): Viewer {
  const viewer = viewers.get(req);
  if (!viewer) throw new AppError("unauthorized", "Sign in at /auth/github");
  return viewer;
}
