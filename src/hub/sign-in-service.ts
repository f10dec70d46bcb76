import * as oauth from "openid-client";
import type { HubConfig } from "../config-hub.ts";
import type { Database } from "../db/database.ts";
import { AppError } from "../lib/errors.ts";
import { createAttempts } from "./attempts.ts";
import { type GitHub, mayEnter, readMembership } from "./github-membership.ts";
import type { HubNames } from "./hub-names.ts";
import type { HubSecrets } from "./hub-secrets.ts";
import { HUB_LIMITS } from "./limits.ts";
import { hashSecret, newSecret } from "./machine-token.ts";
import { endSignIns, insertSignIn, saveMember } from "./user-queries.ts";
import type { Viewer } from "./viewer.ts";

const SCOPE = "read:org read:user";
const CALLBACK_PATH = "/auth/github/callback";
const BEGUN_SECONDS = 600;
const TIMEOUT_SECONDS = 10;

export type SignInService = ReturnType<typeof createSignInService>;

/** What a browser carries from our page to GitHub's and back, sealed. */
interface Begun {
  state: string;
  verifier: string;
  to: string;
  until: number;
}

interface SignInParts {
  db: Database;
  names: HubNames;
  secrets: HubSecrets;
  github: GitHub;
  allowed: HubConfig["allowed"];
}

/** Signing in with GitHub: authorization code with PKCE, tied to the browser that began it. */
export function createSignInService({ db, names, secrets, github, allowed }: SignInParts) {
  const attempts = createAttempts({ limit: 30, windowMs: 60_000 });
  const perUser = createAttempts({ limit: 20, windowMs: 60_000 });
  const server = oauthServer(github);

  return {
    begunSeconds: BEGUN_SECONDS,

    /** Where the browser goes, and the cookie it carries there and back. */
    async begin(address: string, to: string): Promise<{ location: string; begun: string }> {
      attempts.check(address);
      const state = oauth.randomState();
      const verifier = oauth.randomPKCECodeVerifier();
      const location = oauth.buildAuthorizationUrl(server, {
        redirect_uri: `${names.origin}${CALLBACK_PATH}`,
        scope: SCOPE,
        state,
        code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      const begun: Begun = { state, verifier, to: ownPath(to), until: Date.now() + BEGUN_SECONDS * 1000 };
      return { location: location.href, begun: secrets.seal(JSON.stringify(begun)).toString("base64url") };
    },

    /** The secret of a new sign-in, for whom the rules let in. Throws "invalid" or "forbidden". */
    async complete(
      address: string,
      { path, begun }: { path: string; begun: string | undefined },
    ): Promise<{ secret: string; to: string }> {
      attempts.check(address);
      const { state, verifier, to } = openBegun(secrets, begun);
      const token = await exchange(server, new URL(path, names.origin), { state, verifier });
      const membership = await readMembership(github, token);
      perUser.check(String(membership.githubId));
      if (!mayEnter(membership, allowed)) throw new AppError("forbidden", "Access denied: not authorized");
      const userId = await saveMember(db, { ...membership, githubToken: secrets.seal(token) });
      const secret = newSecret();
      await insertSignIn(db, { userId, secretHash: hashSecret(secret), seconds: HUB_LIMITS.signInSeconds });
      return { secret, to };
    },

    /** Ends this sign-in, or all of its user. */
    end: (viewer: Viewer, options: { all: boolean }): Promise<void> => endSignIns(db, viewer, options),
  };
}

function oauthServer({ url, clientId, clientSecret }: GitHub): oauth.Configuration {
  const base = `${url}/login/oauth`;
  const server = new oauth.Configuration(
    { issuer: base, authorization_endpoint: `${base}/authorize`, token_endpoint: `${base}/access_token` },
    clientId,
    undefined,
    oauth.ClientSecretPost(clientSecret),
  );
  server.timeout = TIMEOUT_SECONDS;
  // An enterprise server on the same network; github.com is https.
  if (url.startsWith("http:")) oauth.allowInsecureRequests(server);
  return server;
}

async function exchange(
  server: oauth.Configuration,
  callback: URL,
  { state, verifier }: { state: string; verifier: string },
): Promise<string> {
  try {
    const tokens = await oauth.authorizationCodeGrant(server, callback, {
      expectedState: state,
      pkceCodeVerifier: verifier,
    });
    return tokens.access_token;
  } catch (error) {
    throw new AppError("invalid", "GitHub did not confirm this sign-in; begin again at /auth/github", { cause: error });
  }
}

function openBegun(secrets: HubSecrets, cookie: string | undefined): Begun {
  const text = cookie === undefined ? undefined : secrets.open(Buffer.from(cookie, "base64url"));
  const begun = text === undefined ? undefined : (JSON.parse(text) as Begun);
  if (!begun || begun.until < Date.now())
    throw new AppError("invalid", "This sign-in was not begun in this browser, or too long ago; go to /auth/github");
  return begun;
}

/** Only a path of ours: a link to the hub must not end at another site. */
export function ownPath(to: string): string {
  const url = URL.parse(to, "http://hub.invalid");
  if (url?.origin !== "http://hub.invalid" || !to.startsWith("/")) return "/dashboard";
  // `/.//elsewhere` is a path here, and as a Location another site.
  return `${url.pathname.replace(/^\/+/u, "/")}${url.search}`;
}
