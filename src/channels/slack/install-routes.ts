import { type Response, Router } from "express";
import { z } from "zod";
import { cookieValue } from "../../auth/sign-in-cookie.ts";
import { SLACK_BOT_SCOPES, SLACK_PATHS } from "../../contract/slack-app.ts";
import { route } from "../../http/route.ts";
import { AppError } from "../../lib/errors.ts";
import { completeInstall } from "./complete-install.ts";
import { INSTALL_SECONDS, type InstallState } from "./install-state.ts";
import type { InstallationStore } from "./installations.ts";

const COOKIE = "orchestrator_slack_install";

export interface InstallParts {
  installations: Pick<InstallationStore, "put">;
  state: InstallState;
  apiUrl: string;
  clientId: string;
  clientSecret: string;
  /** Where people reach this server; Slack sends them back there. */
  baseUrl: () => string;
}

const Answer = z.object({
  state: z.string().max(500).default("").meta({ description: "What we gave Slack's page to bring back." }),
  code: z.string().max(500).optional().meta({ description: "Slack's, for the tokens of the workspace." }),
  error: z.string().max(100).optional().meta({ description: "Slack's, when nothing was installed." }),
});

/**
 * Adding the app to a workspace. Only callers of ours may begin it: whoever adds it brings a workspace whose people may
 * start sessions here. Slack sends the browser back without our sign-in (its cookie is SameSite=Strict), so the end is
 * open to anyone and relies on the signed state.
 */
export function createInstallRoutes(parts: InstallParts): { router: Router; openRouter: Router } {
  const { state, baseUrl } = parts;
  const secure = () => baseUrl().startsWith("https:");
  const redirectUri = () => `${baseUrl().replace(/\/$/, "")}${SLACK_PATHS.oauthRedirect}`;

  const router = Router();
  const install = { summary: "Add the Slack app to a workspace: leads to Slack's page", tags: ["Slack"] };
  route(router, `GET ${SLACK_PATHS.install}`, { ...install, produces: "text/html" }, ({ res }) => {
    const issued = state.issue();
    setCookie(res, issued, { secure: secure(), seconds: INSTALL_SECONDS });
    const page = new URL("/oauth/v2/authorize", parts.apiUrl);
    page.searchParams.set("client_id", parts.clientId);
    page.searchParams.set("scope", SLACK_BOT_SCOPES.join(","));
    page.searchParams.set("redirect_uri", redirectUri());
    page.searchParams.set("state", issued);
    res.redirect(302, page.href);
  });

  const openRouter = Router();
  const back = { summary: "Where Slack's page leads back to", tags: ["Slack"], query: Answer };
  route(openRouter, `GET ${SLACK_PATHS.oauthRedirect}`, { ...back, produces: "text/html" }, async (context) => {
    const { query, req, res } = context;
    if (!state.fits(query.state, cookieValue(req.headers.cookie, COOKIE)))
      throw new AppError("invalid", `This installation was not begun in this browser: open ${SLACK_PATHS.install}`);
    setCookie(res, "", { secure: secure(), seconds: 0 });
    if (query.code === undefined)
      throw new AppError("forbidden", `Slack says that it was not allowed: ${query.error ?? "no reason given"}`);
    const { apiUrl, clientId, clientSecret } = parts;
    const made = await completeInstall({
      apiUrl,
      clientId,
      clientSecret,
      code: query.code,
      redirectUri: redirectUri(),
    });
    await parts.installations.put(made);
    res.type("html").send(page(made.teamName));
  });
  return { router, openRouter };
}

function setCookie(res: Response, value: string, { secure, seconds }: { secure: boolean; seconds: number }): void {
  // Lax: Slack's page leads back here, which is a visit from another site.
  res.cookie(COOKIE, value, { path: "/slack", httpOnly: true, sameSite: "lax", secure, maxAge: seconds * 1000 });
}

const escape = (text: string): string => text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const page = (team: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Added to Slack</title></head>
<body><h1>Added to ${escape(team)}</h1>
<p>Invite the app into a channel (<code>/invite</code>) and mention it with what it should do.</p></body></html>
`;
