import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";
import type { Session } from "../../../../src/contract/session.ts";
import { isUnreachable } from "../../api/client.ts";
import { feedState } from "../../api/feed-state.ts";
import { postMessage } from "../../api/messages.ts";
import { stored } from "../../lib/stored.ts";

const isGone = () => feedState.get().kind === "gone";

/** A message being written: kept per session, and held back while the server is gone. */
export function useComposer(session: Session) {
  const id = session.sessionId;
  const draftKey = `draft:${id}`;
  const client = useQueryClient();
  const [text, setText] = useState(() => stored.get(draftKey) ?? "");
  const [wantsSteer, setSteer] = useState(false);
  const [held, setHeld] = useState<{ content: string; steer: boolean }>();
  const gone = useSyncExternalStore(feedState.subscribe, isGone);
  const running = session.status === "running";
  const steer = wantsSteer && running;
  const write = useCallback(
    (next: string) => {
      setText(next);
      stored.set(draftKey, next);
    },
    [draftKey],
  );
  const { mutate, isPending, error, reset } = useMutation({
    mutationFn: (message: { content: string; steer: boolean }) => postMessage(id, message),
    onSuccess: async () => {
      setHeld(undefined);
      write("");
      await Promise.all(
        [["messages", id], ["runs", id], ["sessions"]].map((queryKey) => client.invalidateQueries({ queryKey })),
      );
    },
    onError: (failure, message) => {
      if (isUnreachable(failure)) setHeld(message);
    },
  });
  useEffect(() => {
    if (!gone && held && !isPending) mutate(held);
  }, [gone, held, isPending, mutate]);
  const send = () => {
    const content = text.trim();
    if (content === "" || isPending) return;
    if (gone) setHeld({ content, steer });
    else mutate({ content, steer });
  };
  return {
    text,
    write: (next: string) => {
      write(next);
      if (error) reset();
    },
    send,
    steer,
    setSteer,
    running,
    isPending,
    gone,
    held: held !== undefined,
    release: () => setHeld(undefined),
    error: error && !isUnreachable(error) ? error : undefined,
  };
}
