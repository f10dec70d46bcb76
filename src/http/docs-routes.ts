import { createReadStream } from "node:fs";
import { fileURLToPath } from "node:url";
import { Router } from "express";
import { route } from "./route.ts";

const REDOC = fileURLToPath(new URL("static/redoc.standalone.js", import.meta.url));

const PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Claude Orchestrator API</title>
<link rel="icon" href="data:,">
<style>body { margin: 0; font-family: system-ui, sans-serif }</style></head>
<body>
<redoc spec-url="/api/openapi.json" hide-hostname required-props-first sort-props-alphabetically="false"></redoc>
<noscript>This page needs JavaScript. The same facts are in <a href="/api/openapi.json">openapi.json</a>.</noscript>
<script src="/api/docs/redoc.standalone.js"></script>
</body></html>
`;

/** The OpenAPI document and a page to read it on; all of it from this server, so it works offline. */
export function docsRoutes(describe: () => object): Router {
  const router = Router();
  let described: string | undefined;
  route(
    router,
    "GET /api/openapi.json",
    { summary: "This document", tags: ["System"], produces: "application/json" },
    ({ res }) => {
      described ??= JSON.stringify(describe());
      res.type("json").send(described);
    },
  );
  route(
    router,
    "GET /api/docs",
    { summary: "A page to read this document on", tags: ["System"], produces: "text/html" },
    ({ res }) => {
      res.type("html").send(PAGE);
    },
  );
  router.get("/api/docs/redoc.standalone.js", (_req, res) => {
    res.setHeader("Cache-Control", "public, max-age=86400");
    createReadStream(REDOC).pipe(res.type("js"));
  });
  return router;
}
