import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import type { Schedule } from "../../../src/contract/schedule.ts";
import { schedulesQuery } from "../api/schedules.ts";
import { Button } from "../components/button.tsx";
import { PlusIcon } from "../components/icons.tsx";
import { ScheduleRow } from "../components/schedules/schedule-row.tsx";
import { useNow } from "../lib/use-now.ts";
import { useTitle } from "../lib/use-title.ts";
import classes from "./list-page.module.css";

const ScheduleDialog = lazy(() =>
  import("../components/schedules/schedule-dialog.tsx").then((file) => ({ default: file.ScheduleDialog })),
);

/** All schedules: when they are due next, and what became of the times before. */
export function SchedulesPage() {
  useTitle("Schedules");
  const { data: schedules, error } = useQuery(schedulesQuery);
  const [form, setForm] = useState<{ schedule?: Schedule }>();
  return (
    <main className={classes.page}>
      <header className={classes.head}>
        <h1>Schedules</h1>
        <span className="dim">sessions that start by the clock</span>
        <span className="grow" />
        <Button onClick={() => setForm({})}>
          <PlusIcon size={12} /> New schedule
        </Button>
      </header>
      {error && (
        <p className="t-fail" role="alert">
          {error.message}
        </p>
      )}
      {schedules?.length === 0 && (
        <div className={classes.empty}>
          <h2>No schedule yet</h2>
          <p className="dim">
            A schedule starts a session, or goes on with one, whenever a cron line is due: a report each morning, a look
            at the build each hour.
          </p>
        </div>
      )}
      {schedules && schedules.length > 0 && <List schedules={schedules} onEdit={(schedule) => setForm({ schedule })} />}
      {!schedules && !error && <div className={classes.skeleton} aria-hidden="true" />}
      <Suspense>{form && <ScheduleDialog schedule={form.schedule} onClose={() => setForm(undefined)} />}</Suspense>
    </main>
  );
}

function List({ schedules, onEdit }: { schedules: readonly Schedule[]; onEdit: (schedule: Schedule) => void }) {
  const now = useNow();
  const [open, setOpen] = useState<string>();
  return (
    <ul className={classes.rows} aria-label="Schedules">
      {schedules.map((schedule) => (
        <ScheduleRow
          key={schedule.scheduleId}
          schedule={schedule}
          now={now}
          isOpen={schedule.scheduleId === open}
          onToggle={() => setOpen(schedule.scheduleId === open ? undefined : schedule.scheduleId)}
          onEdit={() => onEdit(schedule)}
        />
      ))}
    </ul>
  );
}
