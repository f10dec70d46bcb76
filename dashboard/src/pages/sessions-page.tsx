import { useSessionLists } from "../components/list/use-session-lists.ts";
import { FirstStart } from "../components/start/first-start.tsx";
import { Overview } from "../components/start/overview.tsx";
import { useTitle } from "../lib/use-title.ts";

/** Nothing chosen: how to begin where nothing has begun, else what stands where. */
export function SessionsPage() {
  useTitle(undefined);
  const { isEmpty, isLoading, groups } = useSessionLists();
  if (isEmpty) return <FirstStart />;
  return isLoading ? <main className="grow" /> : <Overview groups={groups} />;
}
