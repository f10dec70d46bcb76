import { CalendarIcon, type MarkIcon, RunningIcon } from "../icons.tsx";

/** The pages beside the sessions, in their order. */
export const PAGES: readonly { path: string; name: string; Icon: typeof MarkIcon }[] = [
  { path: "/schedules", name: "Schedules", Icon: CalendarIcon },
  { path: "/orchestration", name: "Orchestration", Icon: RunningIcon },
];
