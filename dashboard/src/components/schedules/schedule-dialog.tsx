import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { Schedule } from "../../../../src/contract/schedule.ts";
import { createSchedule, updateSchedule } from "../../api/schedules.ts";
import type { FormErrors } from "../../lib/problem-errors.ts";
import { Button } from "../button.tsx";
import { Dialog } from "../dialog.tsx";
import { ScheduleFields } from "./schedule-fields.tsx";
import { errorsOf, formOf, newForm, requestOf, useScheduleForm } from "./use-schedule-form.ts";
import classes from "../form-dialog.module.css";

/** Makes a schedule, or changes the one it is given. */
export function ScheduleDialog({ schedule, onClose }: { schedule: Schedule | undefined; onClose: () => void }) {
  const client = useQueryClient();
  const { form, set } = useScheduleForm(schedule ? formOf(schedule) : newForm());
  const [errors, setErrors] = useState<FormErrors>({});
  const element = useRef<HTMLFormElement>(null);
  useEffect(() => {
    const first = Object.keys(errors)[0];
    if (first) element.current?.querySelector<HTMLElement>(`[name="${first}"]`)?.focus();
  }, [errors]);
  const save = useMutation({
    mutationFn: async () => {
      const body = requestOf(form, schedule);
      await (schedule ? updateSchedule(schedule.scheduleId, body) : createSchedule(body));
    },
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["schedules"] });
      onClose();
    },
    onError: (error) => setErrors(errorsOf(error, form)),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (save.isPending) return;
    setErrors({});
    save.mutate();
  };
  return (
    <Dialog title={schedule ? "Edit schedule" : "New schedule"} width={600} onClose={onClose}>
      <form className={classes.form} ref={element} onSubmit={submit} noValidate>
        <ScheduleFields form={form} set={set} errors={errors} />
        {errors["form"] && (
          <p className="t-fail sm" role="alert">
            Not saved: {errors["form"]}
          </p>
        )}
        <div className={classes.foot}>
          <Button size="large" onClick={onClose}>
            Cancel
          </Button>
          <Button size="large" look="filled" type="submit" disabled={save.isPending}>
            {schedule ? "Save" : "Make schedule"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
