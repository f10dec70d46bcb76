import { useRef } from "react";
import type { Session } from "../../../../src/contract/session.ts";
import { useKeys } from "../../lib/keys.ts";
import { useLayout } from "../../lib/use-layout.ts";
import { Button } from "../button.tsx";
import { SendIcon } from "../icons.tsx";
import classes from "./composer.module.css";
import { useComposer } from "./use-composer.ts";

type Draft = ReturnType<typeof useComposer>;

/** What becomes of the message when it is sent, said beside the choice. */
function meaning(session: Session, draft: Draft): string {
  if (draft.held) return "will send when back";
  if (draft.gone) return "server gone, will send when back";
  if (draft.steer) return "read at the next model call";
  if (draft.running) return "read when this run ends";
  if (session.status === "archived") return "brings the session back";
  if (session.status === "queued" || session.waitingFor) return "read after those before it";
  return session.status === "created" ? "starts the first run" : "starts a new run";
}

function Mode({ draft }: { draft: Draft }) {
  if (!draft.running) return null;
  return (
    <span className={classes.mode} role="group" aria-label="When Claude reads it">
      <button type="button" aria-pressed={!draft.steer} onClick={() => draft.setSteer(false)}>Queue</button>
      <button type="button" aria-pressed={draft.steer} onClick={() => draft.setSteer(true)}>Steer</button>
    </span>
  );
}

/** The box to write to Claude. */
export function Composer({ session }: { session: Session }) {
  const draft = useComposer(session);
  const { phone } = useLayout();
  const field = useRef<HTMLTextAreaElement>(null);
  useKeys({ r: () => field.current?.focus(), q: () => draft.running && draft.setSteer(!draft.steer) });
  const words = meaning(session, draft);
  const empty = draft.text.trim() === "";
  return (
    <div className={classes.dock}>
      {draft.error && (
        <p className={classes.error} role="alert">Not sent: {draft.error.message}</p>
      )}
      <form
        className={classes.composer}
        onSubmit={(event) => {
          event.preventDefault();
          draft.send();
        }}
      >
        <textarea
          ref={field}
          rows={1}
          value={draft.text}
          readOnly={draft.held}
          aria-label="Message to Claude"
          placeholder={phone ? `Message, ${words}` : "Write to Claude"}
          maxLength={1_000_000}
          onChange={(event) => draft.write(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) draft.send();
            else if (event.key === "Escape") event.currentTarget.blur();
          }}
        />
        <div className={classes.bar}>
          <Mode draft={draft} />
          <span className={classes.meaning} data-held={draft.held || draft.gone || undefined} role={draft.held ? "status" : undefined}>{words}</span>
          <span className="grow" />
          {draft.held ? (
            <Button look="quiet" onClick={draft.release}>Keep as draft</Button>
          ) : (
            <Button type="submit" square={phone} disabled={empty || draft.isPending} aria-label={phone ? "Send" : undefined}>
              {phone ? <SendIcon size={16} /> : <>{draft.isPending ? "Sending…" : "Send"} <kbd>Ctrl ↵</kbd></>}
            </Button>
          )}
        </div>
      </form>
    </div>
  );
}
