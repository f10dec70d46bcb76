import { apiUrl } from "../api/base.ts";
import { MarkIcon } from "../components/icons.tsx";
import { useTitle } from "../lib/use-title.ts";
import look from "../pages/sign-in-page.module.css";
import classes from "./sign-in-page.module.css";

/** The way in: GitHub says who somebody is, the hub's rules say whether they may. */
export function SignInPage() {
  useTitle("Sign in");
  return (
    <main className={look.page}>
      <div className={look.card}>
        <p className={look.brand}>
          <MarkIcon /> claude-orchestrator <span className="dim3">hub</span>
        </p>
        <h1>Sign in</h1>
        <p className="dim">
          GitHub says who you are and what you belong to. This browser keeps a cookie; you see your machines and those
          shared with you.
        </p>
        <a className={classes.enter} href={apiUrl(`/auth/github?to=${encodeURIComponent(location.pathname)}`)}>
          Sign in with GitHub
        </a>
      </div>
    </main>
  );
}
