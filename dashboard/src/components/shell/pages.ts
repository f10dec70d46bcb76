import { CalendarIcon, FileIcon, type MarkIcon, RunningIcon, SendIcon } from "../icons.tsx";

/** The pages beside the sessions, in their order. */
export const PAGES: readonly { path: string; name: string; Icon: typeof MarkIcon; onPhone: boolean }[] = [
  { path: "/schedules", name: "Schedules", Icon: CalendarIcon, onPhone: true },
  // There is no room for more tabs: on a phone these are under More.
  { path: "/templates", name: "Templates", Icon: FileIcon, onPhone: false },
  { path: "/subscriptions", name: "Subscriptions", Icon: SendIcon, onPhone: false },
  { path: "/orchestration", name: "Orchestration", Icon: RunningIcon, onPhone: true },
];
