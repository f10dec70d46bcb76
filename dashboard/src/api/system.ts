import { queryOptions } from "@tanstack/react-query";
import { SystemStatus, Version } from "../../../src/contract/system.ts";
import { request, requestEmpty } from "./client.ts";
import { POLL_MS } from "./polling.ts";

export const statusQuery = queryOptions({
  queryKey: ["status"],
  queryFn: ({ signal }) => request(SystemStatus, "/api/status", { signal }),
  refetchInterval: POLL_MS,
  refetchIntervalInBackground: false,
  retry: false,
});

export const versionQuery = queryOptions({
  queryKey: ["version"],
  queryFn: ({ signal }) => request(Version, "/api/version", { signal }),
  staleTime: 60_000,
});

export const signIn = (apiKey: string) => requestEmpty("/api/sign-in", { method: "POST", body: { apiKey } });
