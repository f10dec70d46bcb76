import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { type Conflict, type Seen, wantDesired } from "../../api/orchestration.ts";
import { say } from "../../lib/say.ts";

/** Several steps in a row are one wish. */
const SETTLE_MS = 350;

interface Pending {
  seen: Seen;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/** What a person asks for: shown at once, written when they have stopped stepping, by what they saw when they began. */
export function useWishes() {
  const client = useQueryClient();
  const [wishes, setWishes] = useState<Readonly<Record<string, number | null>>>({});
  const [conflict, setConflict] = useState<Conflict>();
  const pending = useRef(new Map<string, Pending>());
  const written = useRef(new Map<string, Seen>());
  const { mutate } = useMutation({
    // One after the other: a wish that is made while the one before is under way builds on that, and is no conflict.
    scope: { id: "wishes" },
    mutationFn: ({ seen, wanted }: { seen: Seen; wanted: number | null }) => {
      const own = written.current.get(seen.workspace_id);
      return wantDesired(own && own.version > seen.version ? own : seen, wanted);
    },
    onSuccess: (result) => {
      if (result.written) written.current.set(result.written.workspace_id, result.written);
      setConflict(result.conflict);
    },
    onError: (error) => say(error.message),
    onSettled: async (_data, _error, { seen }) => {
      await client.invalidateQueries({ queryKey: ["orchestration"] });
      if (pending.current.has(seen.workspace_id)) return;
      setWishes(({ [seen.workspace_id]: _done, ...rest }) => rest);
    },
  });

  function want(row: Seen, wanted: number | null): void {
    const id = row.workspace_id;
    const seen = pending.current.get(id)?.seen ?? row;
    clearTimeout(pending.current.get(id)?.timer);
    const write = () => {
      pending.current.delete(id);
      mutate({ seen, wanted });
    };
    pending.current.set(id, { seen, timer: setTimeout(write, SETTLE_MS) });
    setWishes((known) => ({ ...known, [id]: wanted }));
  }

  return { wishes, conflict, want, forgetConflict: () => setConflict(undefined) };
}
