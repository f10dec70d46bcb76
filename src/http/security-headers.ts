import type { RequestHandler } from "express";
import helmet, { type HelmetOptions } from "helmet";

type Directives = Record<string, string[] | null>;

const self = "'self'";

/**
 * Everything a page may load comes from here. Inline style attributes are allowed because the dashboard's components
 * position themselves by them; inline scripts are not.
 */
const DASHBOARD: Directives = {
  "default-src": [self],
  "script-src": [self],
  "style-src": [self, "'unsafe-inline'"],
  "img-src": [self, "data:", "blob:"],
  "font-src": [self],
  "connect-src": [self],
  "worker-src": [self],
  "manifest-src": [self],
  "object-src": ["'none'"],
  "base-uri": ["'none'"],
  "form-action": [self],
  "frame-ancestors": ["'none'"],
  // A browser would then ask for our own files over https, which a server on a LAN does not speak.
  "upgrade-insecure-requests": null,
};

/** Redoc searches in a worker it makes from a blob; `img-src` also keeps its logo from being fetched from outside. */
const DOCS: Directives = { ...DASHBOARD, "worker-src": [self, "blob:"] };

/** `https`: browsers reach us by https only, so they may be told to remember that. */
export function securityHeaders({ https }: { https: boolean }): RequestHandler {
  const options = (directives: Directives): HelmetOptions => ({
    contentSecurityPolicy: { useDefaults: false, directives },
    strictTransportSecurity: https ? { maxAge: 180 * 24 * 60 * 60 } : false,
    xFrameOptions: { action: "deny" },
    crossOriginOpenerPolicy: https,
    originAgentCluster: https,
  });
  const forDashboard = helmet(options(DASHBOARD));
  const forDocs = helmet(options(DOCS));
  return (req, res, next) => (req.path === "/api/docs" ? forDocs(req, res, next) : forDashboard(req, res, next));
}
