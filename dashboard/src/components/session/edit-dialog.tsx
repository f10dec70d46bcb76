import { NumberInput, TagsInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Session, UpdateSession } from "../../../../src/contract/session.ts";
import { updateSession } from "../../api/sessions.ts";
import "../../styles/mantine-inputs.css";
import { Button } from "../button.tsx";
import { Dialog } from "../dialog.tsx";
import { fieldLook, typedLook } from "../field-look.ts";
import classes from "./edit-dialog.module.css";

const numberOf = (value: string): number | undefined => (value.trim() === "" ? undefined : Number(value));

/** Changes what a session is called and what its next runs may do. */
export function EditDialog({ session, onClose }: { session: Session; onClose: () => void }) {
  const client = useQueryClient();
  const { options } = session;
  const [title, setTitle] = useState(session.title);
  const [tags, setTags] = useState(session.tags);
  const [allowed, setAllowed] = useState(options.allowedTools ?? []);
  const [budget, setBudget] = useState(String(options.maxBudgetUsd ?? ""));
  const [turns, setTurns] = useState(String(options.maxTurns ?? ""));
  const save = useMutation({
    mutationFn: () => {
      const maxBudgetUsd = numberOf(budget);
      const maxTurns = numberOf(turns);
      const changes: UpdateSession = {
        title: title.trim() || session.title,
        tags,
        allowedTools: allowed,
        ...(maxBudgetUsd !== undefined && { maxBudgetUsd }),
        ...(maxTurns !== undefined && { maxTurns }),
      };
      return updateSession(session.sessionId, changes);
    },
    onSuccess: async (saved) => {
      client.setQueryData(["sessions", "one", session.sessionId], saved);
      await client.invalidateQueries({ queryKey: ["sessions", "list"] });
      onClose();
    },
  });
  return (
    <Dialog title="Edit session" note="limits hold from the next run on" width={520} onClose={onClose}>
      <form
        className={classes.form}
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate();
        }}
      >
        <TextInput label="Title" data-autofocus maxLength={200} classNames={fieldLook} value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
        <TagsInput label="Tags" classNames={fieldLook} value={tags} onChange={setTags} />
        <TagsInput label="Allowed tools" splitChars={["Enter"]} classNames={typedLook} value={allowed} onChange={setAllowed} />
        <div className={classes.pair}>
          <NumberInput label="Budget a run" placeholder="no limit" leftSection={<span className="dim">$</span>} classNames={fieldLook} value={budget} onChange={(value) => setBudget(String(value))} />
          <NumberInput label="Turns a run" placeholder="no limit" classNames={fieldLook} value={turns} onChange={(value) => setTurns(String(value))} />
        </div>
        {save.error && <p className="t-fail sm" role="alert">Not saved: {save.error.message}</p>}
        <div className={classes.foot}>
          <Button size="large" onClick={onClose}>Cancel <kbd>Esc</kbd></Button>
          <Button size="large" look="filled" type="submit" disabled={save.isPending}>Save</Button>
        </div>
      </form>
    </Dialog>
  );
}
