import { join } from "node:path";
import express, { type Request, type RequestHandler, type Response, Router } from "express";

/** Shown while there is no build; it asks again by itself, without a script. */
const BUILDING = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="2">
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>Claude Orchestrator</title></head>
<body style="font-family:system-ui,sans-serif;display:grid;place-items:center;min-height:90vh;margin:0">
<main><h1 style="font-size:1.25rem">The dashboard is being built…</h1>
<p>This page reloads until it is there. The API already answers: <a href="/api/docs">its documentation</a>.</p></main>
</body></html>
`;

interface Page {
  /** The file in the build. */
  name: string;
  /** Whether a path, asked for by a browser, is one of the page's own. */
  isPage: (req: Request) => boolean;
}

/** A missing file (`/favicon.ico`) is no page, nor is what a program asks for. */
const CONSOLE: Page = {
  name: "index.html",
  isPage: (req) =>
    req.path === "/" ||
    (!(req.path.split("/").at(-1) ?? "").includes(".") && (req.headers.accept ?? "").includes("text/html")),
};

/**
 * The built dashboard, for anyone: it holds no data. Files under /assets carry a hash in their name and never change;
 * everything else is asked for again each time. A page's address answers with its one file, since the dashboard routes itself.
 */
export function dashboardFiles(folder: string, { name, isPage }: Page = CONSOLE): Router {
  const router = Router();
  const files = express.static(folder, {
    index: false,
    redirect: false,
    cacheControl: false,
    setHeaders: (res, path) => {
      const isHashed = path.startsWith(join(folder, "assets/"));
      res.setHeader("Cache-Control", isHashed ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
  router.use(outsideApi(files), outsideApi(page(folder, { name, isPage })));
  return router;
}

/** What is asked for by a browser too, and is no page of the dashboard. */
const NO_PAGE = /^\/(?:api|metrics|slack)(?:\/|$)/iu;

const outsideApi =
  (handler: RequestHandler): RequestHandler =>
  (req, res, next) => {
    const isRead = req.method === "GET" || req.method === "HEAD";
    return isRead && !NO_PAGE.test(req.path) ? handler(req, res, next) : next();
  };

const page =
  (folder: string, { name, isPage }: Page): RequestHandler =>
  (req, res, next) => {
    if (!isPage(req)) return next();
    res.setHeader("Cache-Control", "no-cache");
    res.sendFile(name, { root: folder, cacheControl: false }, (error) => {
      if (error && !res.headersSent) sendBuilding(res);
    });
  };

function sendBuilding(res: Response): void {
  res.status(503).setHeader("Retry-After", "2");
  res.setHeader("Cache-Control", "no-store");
  res.type("html").send(BUILDING);
}
