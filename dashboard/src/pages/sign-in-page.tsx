import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../api/client.ts";
import { signInState } from "../api/sign-in-state.ts";
import { signIn } from "../api/system.ts";
import { Button } from "../components/button.tsx";
import { MarkIcon } from "../components/icons.tsx";
import { useTitle } from "../lib/use-title.ts";
import classes from "./sign-in-page.module.css";

const focusOnce = (field: HTMLInputElement | null) => field?.focus();

/** Asks for the API key where the server is not only this computer's. */
export function SignInPage() {
  useTitle("Sign in");
  const client = useQueryClient();
  const [apiKey, setKey] = useState("");
  const enter = useMutation({
    mutationFn: () => signIn(apiKey.trim()),
    onSuccess: () => {
      client.clear();
      signInState.set(false);
    },
  });
  const { error } = enter;
  const refused = error instanceof ApiError && (error.status === 401 || error.status === 403);
  return (
    <main className={classes.page}>
      <form
        className={classes.card}
        onSubmit={(event) => {
          event.preventDefault();
          enter.mutate();
        }}
      >
        <p className={classes.brand}>
          <MarkIcon /> claude-orchestrator
        </p>
        <h1>Sign in</h1>
        <p className="dim">
          With a key from the server’s <code>API_KEY</code>. This browser keeps a cookie, not the key.
        </p>
        <label>
          <span>API key</span>
          <input
            type="password"
            ref={focusOnce}
            autoComplete="current-password"
            required
            value={apiKey}
            aria-invalid={refused || undefined}
            aria-describedby="sign-in-error"
            onChange={(event) => setKey(event.target.value)}
          />
        </label>
        <p id="sign-in-error" className="t-fail sm" role="alert">
          {error && (refused ? "The server does not know this key." : error.message)}
        </p>
        <Button type="submit" look="filled" size="large" disabled={apiKey.trim() === "" || enter.isPending}>
          {enter.isPending ? "Signing in…" : "Sign in"}
        </Button>
      </form>
    </main>
  );
}
