import express, { type Response, Router } from "express";
import { SignIn } from "../contract/system.ts";
import { route } from "../http/route.ts";
import { SIGN_IN_COOKIE, SIGN_IN_SECONDS } from "./sign-in-cookie.ts";
import type { WhoIsAsking } from "./who-is-asking.ts";

const MAX_BODY_BYTES = 4096;

/** How the dashboard trades an API key for a cookie. `secure`: the public URL is https. */
export function signInRoutes(who: WhoIsAsking, { secure }: { secure: boolean }): Router {
  const router = Router();
  router.use("/api/sign-in", express.json({ limit: MAX_BODY_BYTES }));
  route(
    router,
    "POST /api/sign-in",
    { summary: "Sign in with an API key", description: "Sets a cookie for 30 days.", tags: ["System"], body: SignIn },
    ({ body, req, res }) => setCookie(res, who.signIn(req, body.apiKey), { secure, seconds: SIGN_IN_SECONDS }),
  );
  route(
    router,
    "POST /api/sign-out",
    { summary: "Forget the sign-in of this browser", tags: ["System"] },
    ({ req, res }) => {
      who.checkBrowser(req);
      setCookie(res, "", { secure, seconds: 0 });
    },
  );
  return router;
}

function setCookie(res: Response, value: string, { secure, seconds }: { secure: boolean; seconds: number }): void {
  res.cookie(SIGN_IN_COOKIE, value, { path: "/", httpOnly: true, sameSite: "strict", secure, maxAge: seconds * 1000 });
}
