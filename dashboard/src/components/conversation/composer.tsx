import { type KeyboardEvent, type SyntheticEvent, useRef } from "react";
import type { Session } from "../../../../src/contract/session.ts";
import { useKeys } from "../../lib/keys.ts";
import { useLayout } from "../../lib/use-layout.ts";
import { Button } from "../button.tsx";
import { SendIcon } from "../icons.tsx";
import { useComposer } from "./use-composer.ts";
import classes from "./composer.module.css";

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
      <button type="button" aria-pressed={!draft.steer} onClick={() => draft.setSteer(false)}>
        Queue
      </button>
      <button type="button" aria-pressed={draft.steer} onClick={() => draft.setSteer(true)}>
        Steer
      </button>
    </span>
  );
}

function SendButton({ draft, phone }: { draft: Draft; phone: boolean }) {
  if (draft.held) {
    return (
      <Button look="quiet" onClick={draft.release}>
        Keep as draft
      </Button>
    );
  }
  const disabled = draft.text.trim() === "" || draft.isPending;
  if (phone) {
    return (
      <Button type="submit" square disabled={disabled} aria-label="Send">
        <SendIcon size={16} />
      </Button>
    );
  }
  return (
    <Button type="submit" disabled={disabled}>
      {draft.isPending ? "Sending…" : "Send"} <kbd>Ctrl ↵</kbd>
    </Button>
  );
}

function onFieldKey(event: KeyboardEvent<HTMLTextAreaElement>, send: () => void): void {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
  else if (event.key === "Escape") event.currentTarget.blur();
}

/** The box to write to Claude. */
export function Composer({ session }: { session: Session }) {
  const draft = useComposer(session);
  const { phone } = useLayout();
  const field = useRef<HTMLTextAreaElement>(null);
  useKeys({ r: () => field.current?.focus(), q: () => draft.running && draft.setSteer(!draft.steer) });
  const words = meaning(session, draft);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    draft.send();
  };
  return (
    <div className={classes.dock}>
      {draft.error && (
        <p className={classes.error} role="alert">
          Not sent: {draft.error.message}
        </p>
      )}
      <form className={classes.composer} onSubmit={submit}>
        <textarea
          ref={field}
          rows={1}
          value={draft.text}
          readOnly={draft.held}
          aria-label="Message to Claude"
          placeholder={phone ? `Message, ${words}` : "Write to Claude"}
          maxLength={1_000_000}
          onChange={(event) => draft.write(event.target.value)}
          onKeyDown={(event) => onFieldKey(event, draft.send)}
        />
        <div className={classes.bar}>
          <Mode draft={draft} />
          <span className={classes.meaning} data-held={draft.held || draft.gone || undefined} role="status">
            {words}
          </span>
          <span className="grow" />
          <SendButton draft={draft} phone={phone} />
        </div>
      </form>
    </div>
  );
}
