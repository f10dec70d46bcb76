import { useQuery } from "@tanstack/react-query";
import { lazy, useState } from "react";
import type { Schedule } from "../../../src/contract/schedule.ts";
import { schedulesQuery } from "../api/schedules.ts";
import { ListPage } from "../components/list-page.tsx";
import { ScheduleRow } from "../components/schedules/schedule-row.tsx";
import { useNow } from "../lib/use-now.ts";

const ScheduleDialog = lazy(() =>
  import("../components/schedules/schedule-dialog.tsx").then((file) => ({ default: file.ScheduleDialog })),
);

/** All schedules: when they are due next, and what became of the times before. */
export function SchedulesPage() {
  const { data: schedules, error } = useQuery(schedulesQuery);
  const now = useNow();
  const [open, setOpen] = useState<string>();
  const [form, setForm] = useState<{ schedule?: Schedule }>();
  return (
    <ListPage
      title="Schedules"
      about="sessions that start by the clock"
      one="schedule"
      empty="A schedule starts a session, or goes on with one, whenever a cron line is due: a report each morning, a look at the build each hour."
      count={schedules?.length}
      error={error}
      onNew={() => setForm({})}
      dialog={form && <ScheduleDialog schedule={form.schedule} onClose={() => setForm(undefined)} />}
    >
      {schedules?.map((schedule) => (
        <ScheduleRow
          key={schedule.scheduleId}
          schedule={schedule}
          now={now}
          isOpen={schedule.scheduleId === open}
          onToggle={() => setOpen(schedule.scheduleId === open ? undefined : schedule.scheduleId)}
          onEdit={() => setForm({ schedule })}
        />
      ))}
    </ListPage>
  );
}
