import { useState } from "react";
import { count, plural } from "../../lib/format.ts";
import { CopyButton } from "../copy-button.tsx";
import classes from "./tool-group.module.css";

const EDGE = 40;

/** A result as it was printed: the first and last 40 lines, and what lies between on demand. */
export function ToolOutput({ text, failed }: { text: string; failed: boolean }) {
  const [whole, setWhole] = useState(false);
  const lines = text.replace(/\n$/u, "").split("\n");
  const hidden = lines.length - 2 * EDGE;
  const long = hidden > 0 && !whole;
  return (
    <>
      <div className={classes.caption}>
        {failed ? "Error" : "Result"} <span>{plural(lines.length, "line")}</span>
        <span className="right">
          <CopyButton text={text} label="Copy the result" />
        </span>
      </div>
      <pre className={classes.block} data-failed={failed || undefined} tabIndex={0}>
        {long ? lines.slice(0, EDGE).join("\n") : lines.join("\n")}
        {long && (
          <button type="button" className={classes.between} onClick={() => setWhole(true)}>
            {count(hidden)} {hidden === 1 ? "line" : "lines"} between
          </button>
        )}
        {long && lines.slice(-EDGE).join("\n")}
      </pre>
    </>
  );
}
