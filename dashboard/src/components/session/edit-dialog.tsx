import { NumberInput, TagsInput, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SyntheticEvent, useState } from "react";
import type { Session, UpdateSession } from "../../../../src/contract/session.ts";
import { updateSession } from "../../api/sessions.ts";
import "../../styles/mantine-inputs.css";
import { Button } from "../button.tsx";
import { Dialog } from "../dialog.tsx";
import { fieldLook, typedLook } from "../field-look.ts";
import classes from "./edit-dialog.module.css";

const numberOf = (value: string): number | undefined => (value.trim() === "" ? undefined : Number(value));

interface EditForm {
  title: string;
  tags: string[];
  allowedTools: string[];
  budget: string;
  turns: string;
}

function formOf({ title, tags, options }: Session): EditForm {
  const { allowedTools = [], maxBudgetUsd, maxTurns } = options;
  return { title, tags, allowedTools, budget: String(maxBudgetUsd ?? ""), turns: String(maxTurns ?? "") };
}

function changesOf(form: EditForm): UpdateSession {
  const maxBudgetUsd = numberOf(form.budget);
  const maxTurns = numberOf(form.turns);
  return {
    title: form.title.trim(),
    tags: form.tags,
    allowedTools: form.allowedTools,
    ...(maxBudgetUsd !== undefined && { maxBudgetUsd }),
    ...(maxTurns !== undefined && { maxTurns }),
  };
}

function Fields({ form, set }: { form: EditForm; set: (change: Partial<EditForm>) => void }) {
  return (
    <>
      <TextInput
        label="Title"
        data-autofocus
        required
        withAsterisk={false}
        maxLength={200}
        classNames={fieldLook}
        value={form.title}
        onChange={(event) => set({ title: event.currentTarget.value })}
      />
      <TagsInput label="Tags" classNames={fieldLook} value={form.tags} onChange={(tags) => set({ tags })} />
      <TagsInput
        label="Allowed tools"
        splitChars={[]}
        classNames={typedLook}
        value={form.allowedTools}
        onChange={(allowedTools) => set({ allowedTools })}
      />
      <div className={classes.pair}>
        <NumberInput
          label="Budget a run"
          placeholder="no limit"
          leftSection={<span className="dim">$</span>}
          classNames={fieldLook}
          value={form.budget}
          onChange={(value) => set({ budget: String(value) })}
        />
        <NumberInput
          label="Turns a run"
          placeholder="no limit"
          classNames={fieldLook}
          value={form.turns}
          onChange={(value) => set({ turns: String(value) })}
        />
      </div>
    </>
  );
}

/** Changes what a session is called and what its next runs may do. */
export function EditDialog({ session, onClose }: { session: Session; onClose: () => void }) {
  const client = useQueryClient();
  const [form, setForm] = useState(() => formOf(session));
  const save = useMutation({
    mutationFn: () => updateSession(session.sessionId, changesOf(form)),
    onSuccess: async (saved) => {
      client.setQueryData(["sessions", "one", session.sessionId], saved);
      await client.invalidateQueries({ queryKey: ["sessions", "list"] });
      onClose();
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog title="Edit session" note="limits hold from the next run on" width={520} onClose={onClose}>
      <form className={classes.form} onSubmit={submit}>
        <Fields form={form} set={(change) => setForm((current) => ({ ...current, ...change }))} />
        {save.error && (
          <p className="t-fail sm" role="alert">
            Not saved: {save.error.message}
          </p>
        )}
        <div className={classes.foot}>
          <Button size="large" onClick={onClose}>
            Cancel <kbd>Esc</kbd>
          </Button>
          <Button size="large" look="filled" type="submit" disabled={save.isPending}>
            Save
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
