import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { Session } from "../../../../src/contract/session.ts";
import { stopSession } from "../../api/sessions.ts";
import { useKeys } from "../../lib/keys.ts";
import { say } from "../../lib/say.ts";
import { canStop } from "../../lib/session-state.ts";
import { Button } from "../button.tsx";
import { StopIcon } from "../icons.tsx";
import classes from "./stop-button.module.css";

const ASKS_FOR_MS = 6_000;

/** Stops the session's run. Asks first when a running one would lose its work; pressed twice it is done at once. */
export function StopButton({ session, phone = false }: { session: Session; phone?: boolean }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const stop = useMutation({
    mutationFn: () => stopSession(session.sessionId),
    onSuccess: () => client.invalidateQueries(),
    onError: (error) => say(`Not stopped: ${error.message}`),
    onSettled: () => setAsking(false),
  });
  useEffect(() => {
    if (!asking) return;
    const timer = setTimeout(() => setAsking(false), ASKS_FOR_MS);
    return () => clearTimeout(timer);
  }, [asking]);
  const possible = canStop(session.status) && !session.observed;
  const press = () => {
    if (!possible || stop.isPending) return;
    if (asking || session.status !== "running") stop.mutate();
    else setAsking(true);
  };
  useKeys({ s: press, ...(asking && { Escape: () => setAsking(false) }) });
  if (!possible) return null;
  return (
    <span className={classes.stop}>
      {asking && (
        <span className={classes.ask} role="status">
          {phone ? "Stop now?" : "The current step is cut off; written files stay."}
          <Button look="quiet" size="small" onClick={() => setAsking(false)}>Keep on</Button>
        </span>
      )}
      <Button look={asking ? "bad" : phone ? "quiet" : "plain"} square={phone && !asking} disabled={stop.isPending} aria-label={asking ? "Stop now" : "Stop"} onClick={press}>
        <StopIcon size={phone ? 16 : 10} className="t-fail" />
        {phone && !asking ? null : stop.isPending ? "Stopping…" : asking ? "Stop now" : "Stop"}
        {!stop.isPending && <kbd>S</kbd>}
      </Button>
    </span>
  );
}
