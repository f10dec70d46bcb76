import { useDebouncedValue } from "@mantine/hooks";
import { useIsFetching } from "@tanstack/react-query";
import classes from "./loading-line.module.css";

const DELAY_MS = 300;

/** A line under the header while the first answer to something is long in coming; quiet polling does not show. */
export function LoadingLine() {
  const waiting =
    useIsFetching({ predicate: ({ state }) => state.data === undefined && state.fetchStatus === "fetching" }) > 0;
  const [late] = useDebouncedValue(waiting, DELAY_MS);
  return <div className={classes.line} data-on={(waiting && late) || undefined} />;
}
