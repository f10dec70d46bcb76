import { Link } from "react-router";
import { useTitle } from "../lib/use-title.ts";
import classes from "./session-page.module.css";

export function NotFoundPage() {
  useTitle("Not found");
  return (
    <main className={classes.problem}>
      <h1>There is no such page</h1>
      <p className="dim">The link may be cut off, or of another version.</p>
      <p>
        <Link to="/" className="t-run">
          Back to all sessions
        </Link>
      </p>
    </main>
  );
}
