import { useMutation } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import type { FormErrors } from "../lib/problem-errors.ts";
import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import classes from "./form-dialog.module.css";

interface FormDialogProps<Saved> {
  title: string;
  /** On the button that saves. */
  word: string;
  save: () => Promise<Saved>;
  onSaved: (saved: Saved) => unknown;
  errorsOf: (error: Error) => FormErrors;
  onClose: () => void;
  /** The fields, each with what was wrong with it. */
  children: (errors: FormErrors) => ReactNode;
}

/** A form in a dialog. What the server refuses stands under its field, and the first such field has the focus. */
export function FormDialog<Saved>({ title, word, save, onSaved, errorsOf, onClose, children }: FormDialogProps<Saved>) {
  const [errors, setErrors] = useState<FormErrors>({});
  const element = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const first = Object.keys(errors)[0];
    if (first) element.current?.querySelector<HTMLElement>(`[name="${first}"]`)?.focus();
  }, [errors]);
  const saving = useMutation({
    mutationFn: save,
    onSuccess: onSaved,
    onError: (error) => setErrors(errorsOf(error)),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (saving.isPending) return;
    setErrors({});
    saving.mutate();
  };
  return (
    <Dialog title={title} width={600} onClose={onClose}>
      <form className={classes.form} ref={element} onSubmit={submit} noValidate>
        {children(errors)}
        {errors["form"] && (
          <p className="t-fail sm" role="alert">
            Not saved: {errors["form"]}
          </p>
        )}
        <div className={classes.foot}>
          <Button size="large" onClick={onClose}>
            Cancel
          </Button>
          <Button size="large" look="filled" type="submit" disabled={saving.isPending}>
            {word}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
