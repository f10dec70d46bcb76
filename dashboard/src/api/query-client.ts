import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiError, isUnreachable } from "./client.ts";
import { feedState } from "./feed-state.ts";
import { signInState } from "./sign-in-state.ts";

const RETRIES = 2;
const CONFUSED = new Set([401, 403, 404, 400, 409, 413, 422]);

function noteError(error: unknown): void {
  if (error instanceof ApiError && error.status === 401) signInState.set(true);
  if (isUnreachable(error)) feedState.set("gone");
}

/** One cache for the tab. Keeps what is shown while it asks again; never asks twice for what the server refused. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({
      onError: noteError,
      onSuccess: () => feedState.answered(),
    }),
    mutationCache: new MutationCache({ onError: noteError }),
    defaultOptions: {
      queries: {
        staleTime: 1_000,
        networkMode: "always",
        retry: (count, error) =>
          !(error instanceof ApiError && (CONFUSED.has(error.status) || error.status === 0)) && count < RETRIES,
      },
      mutations: { networkMode: "always" },
    },
  });
}
