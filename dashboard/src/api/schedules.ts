import { queryOptions } from "@tanstack/react-query";
import type { z } from "zod";
import {
  type CreateSchedule,
  Schedule,
  ScheduleFire,
  ScheduleFirePage,
  SchedulePage,
  type UpdateSchedule,
} from "../../../src/contract/schedule.ts";
import { request, requestEmpty } from "./client.ts";
import { POLL_MS } from "./polling.ts";
import { readPages } from "./read-pages.ts";

const HISTORY = 25;

/** All schedules, by name. */
export const schedulesQuery = queryOptions({
  queryKey: ["schedules", "list"],
  queryFn: async ({ signal }) =>
    (await readPages(SchedulePage, "/api/schedules", signal)).toSorted((a, b) => a.name.localeCompare(b.name)),
  refetchInterval: POLL_MS,
});

/** What became of its last times, the newest first. */
export const firesQuery = (id: string) =>
  queryOptions({
    queryKey: ["schedules", "fires", id],
    queryFn: async ({ signal }) =>
      (await request(ScheduleFirePage, `/api/schedules/${id}/history`, { signal, query: { limit: HISTORY } })).items,
    refetchInterval: POLL_MS,
  });

export const createSchedule = (body: z.input<typeof CreateSchedule>) =>
  request(Schedule, "/api/schedules", { method: "POST", body });

export const updateSchedule = (id: string, body: UpdateSchedule) =>
  request(Schedule, `/api/schedules/${id}`, { method: "PATCH", body });

export const fireSchedule = (id: string) => request(ScheduleFire, `/api/schedules/${id}/fire`, { method: "POST" });

export const deleteSchedule = (id: string) => requestEmpty(`/api/schedules/${id}`, { method: "DELETE" });
