import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { SessionThread } from "../../../../src/contract/thread.ts";
import { muteThread, threadsQuery } from "../../api/threads.ts";
import { CopyButton } from "../copy-button.tsx";
import { SOURCES } from "../icons.tsx";
import { Switch } from "../switch.tsx";
import facts from "./facts-tab.module.css";
import classes from "./thread-list.module.css";

/** A mail address that does not fit breaks before its @, not in a word. */
function Place({ place }: { place: string }) {
  const at = place.lastIndexOf("@");
  if (at < 0) return place;
  return (
    <>
      {place.slice(0, at)}
      <wbr />
      {place.slice(at)}
    </>
  );
}

function Thread({ thread, onMute }: { thread: SessionThread; onMute: (muted: boolean) => void }) {
  const { Icon, name } = SOURCES[thread.kind];
  return (
    <li>
      <Icon size={13} />
      <span className={classes.where}>
        <span className={classes.door}>{name}</span>
        <span className={classes.place}>
          <Place place={thread.place} />
        </span>
      </span>
      <Switch label={`Answers to ${name} ${thread.place}`} on={!thread.muted} onChange={(on) => onMute(!on)}>
        {thread.muted ? "muted" : "hears answers"}
      </Switch>
    </li>
  );
}

/** Where a mail goes on with the session. */
function MailAddress({ address }: { address: string }) {
  return (
    <p className={classes.mail}>
      <span>
        Mails to{" "}
        <code>
          <Place place={address} />
        </code>{" "}
        go on with this session.
      </span>
      <CopyButton text={address} label="Copy the mail address of this session" />
    </p>
  );
}

/** Where a session is talked about outside, whether its answers go there, and where one may write; else nothing. */
export function ThreadList({ sessionId }: { sessionId: string }) {
  const client = useQueryClient();
  const query = threadsQuery(sessionId);
  const { data } = useQuery(query);
  const mute = useMutation({
    mutationFn: ({ threadId, muted }: { threadId: string; muted: boolean }) => muteThread(sessionId, threadId, muted),
    onSuccess: (changed) =>
      client.setQueryData(query.queryKey, (known) =>
        known
          ? { ...known, items: known.items.map((thread) => (thread.threadId === changed.threadId ? changed : thread)) }
          : known,
      ),
  });
  if (!data || (data.items.length === 0 && data.mailAddress === null)) return null;
  return (
    <section className={facts["part"]}>
      <h2>Threads</h2>
      {data.items.length > 0 && (
        <ul className={classes.threads} aria-label="Threads">
          {data.items.map((thread) => (
            <Thread
              key={thread.threadId}
              thread={
                // What was just chosen holds on the screen before the server has said so.
                mute.isPending && mute.variables.threadId === thread.threadId
                  ? { ...thread, muted: mute.variables.muted }
                  : thread
              }
              onMute={(muted) => mute.mutate({ threadId: thread.threadId, muted })}
            />
          ))}
        </ul>
      )}
      {data.mailAddress !== null && <MailAddress address={data.mailAddress} />}
      {mute.error && (
        <p className={classes.failed} role="alert">
          {mute.error.message}
        </p>
      )}
    </section>
  );
}
