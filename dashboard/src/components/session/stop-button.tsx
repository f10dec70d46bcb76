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

/** Stopping, and the question before it; the question goes away by itself. */
function useStop(session: Session) {
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
  return { possible, asking, press, stopping: stop.isPending, keepOn: () => setAsking(false) };
}

function Question({ phone, onNo }: { phone: boolean; onNo: () => void }) {
  return (
    <span className={classes.ask} role="status">
      {phone ? "Stop now?" : "The current step is cut off; written files stay."}
      <Button look="quiet" size="small" onClick={onNo}>
        Keep on
      </Button>
    </span>
  );
}

function faceOf(asking: boolean, stopping: boolean, phone: boolean) {
  if (asking) return { word: "Stop now", look: "bad", square: false } as const;
  const word = stopping ? "Stopping…" : "Stop";
  return phone ? ({ word, look: "quiet", square: true } as const) : ({ word, look: "plain", square: false } as const);
}

/** Stops the session's run. Asks first when a running one would lose its work; pressed twice it is done at once. */
export function StopButton({ session, phone = false }: { session: Session; phone?: boolean }) {
  const { possible, asking, press, stopping, keepOn } = useStop(session);
  useKeys({ s: press, ...(asking && { Escape: keepOn }) });
  if (!possible) return null;
  const { word, look, square } = faceOf(asking, stopping, phone);
  return (
    <span className={classes.stop}>
      {asking && <Question phone={phone} onNo={keepOn} />}
      <Button look={look} square={square} disabled={stopping} aria-label={square ? word : undefined} onClick={press}>
        <StopIcon size={phone ? 16 : 10} className="t-fail" />
        {!square && word}
        <kbd aria-hidden>S</kbd>
      </Button>
    </span>
  );
}
