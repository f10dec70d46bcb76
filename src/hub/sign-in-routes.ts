import { type CookieOptions, Router } from "express";
import { z } from "zod";
import { clientAddress } from "../auth/client-address.ts";
import { cookieValue } from "../auth/sign-in-cookie.ts";
import { route } from "../http/route.ts";
import { cookieName } from "./cookie-name.ts";
import type { HubNames } from "./hub-names.ts";
import { HUB_LIMITS } from "./limits.ts";
import type { SignInService } from "./sign-in-service.ts";
import { viewerOf } from "./viewer-of.ts";

const tags = ["Sign-in"];

/** Signing in with GitHub, for anyone. */
export function createSignInRoutes({ signIn, names }: { signIn: SignInService; names: HubNames }): Router {
  const router = Router();
  const begunCookie = cookieName("hub_begun", names);
  const cookie = (seconds: number): CookieOptions => ({
    httpOnly: true,
    secure: names.https,
    // Lax: the browser comes back from GitHub by a link.
    sameSite: "lax",
    path: "/",
    maxAge: seconds * 1000,
  });

  route(
    router,
    "GET /auth/github",
    { summary: "Sign in with GitHub", tags, query: z.object({ to: z.string().max(2_000).default("/dashboard") }) },
    async ({ req, res, query }) => {
      const { location, begun } = await signIn.begin(clientAddress(req), query.to);
      res.cookie(begunCookie, begun, cookie(signIn.begunSeconds)).redirect(302, location);
    },
  );
  route(
    router,
    "GET /auth/github/callback",
    { summary: "Where GitHub sends the browser back to", tags, query: z.looseObject({}) },
    async ({ req, res }) => {
      const begun = cookieValue(req.headers.cookie, begunCookie);
      // Good once, whatever comes of it.
      res.clearCookie(begunCookie, cookie(0));
      const { secret, to } = await signIn.complete(clientAddress(req), { path: req.originalUrl, begun });
      res.cookie(cookieName("hub", names), secret, cookie(HUB_LIMITS.signInSeconds)).redirect(302, to);
    },
  );
  return router;
}

/** For those who are signed in. */
export function createSignOutRoutes({ signIn, names }: { signIn: SignInService; names: HubNames }): Router {
  const router = Router();
  for (const line of ["GET /auth/logout", "POST /auth/logout"] as const)
    route(
      router,
      line,
      {
        summary: "Sign out, with all=1 everywhere",
        tags,
        query: z.object({ all: z.enum(["0", "1"]).default("0") }),
        ...(line.startsWith("POST") && { body: z.unknown().optional() }),
      },
      async ({ req, res, query }) => {
        await signIn.end(viewerOf(req), { all: query.all === "1" });
        res.clearCookie(cookieName("hub", names), { path: "/", secure: names.https }).redirect(302, "/");
      },
    );
  return router;
}
