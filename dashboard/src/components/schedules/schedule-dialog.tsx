import { useQueryClient } from "@tanstack/react-query";
import type { Schedule } from "../../../../src/contract/schedule.ts";
import { createSchedule, updateSchedule } from "../../api/schedules.ts";
import { FormDialog } from "../form-dialog.tsx";
import { ScheduleFields } from "./schedule-fields.tsx";
import { errorsOf, formOf, newForm, requestOf, useScheduleForm } from "./use-schedule-form.ts";

/** Makes a schedule, or changes the one it is given. */
export function ScheduleDialog({ schedule, onClose }: { schedule: Schedule | undefined; onClose: () => void }) {
  const client = useQueryClient();
  const { form, set } = useScheduleForm(schedule ? formOf(schedule) : newForm());
  const save = async () => {
    const body = requestOf(form, schedule);
    await (schedule ? updateSchedule(schedule.scheduleId, body) : createSchedule(body));
    await client.invalidateQueries({ queryKey: ["schedules"] });
  };
  return (
    <FormDialog
      title={schedule ? "Edit schedule" : "New schedule"}
      word={schedule ? "Save" : "Make schedule"}
      save={save}
      onSaved={onClose}
      errorsOf={(error) => errorsOf(error, form)}
      onClose={onClose}
    >
      {(errors) => <ScheduleFields form={form} set={set} errors={errors} />}
    </FormDialog>
  );
}
