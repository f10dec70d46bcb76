import { Fragment } from "react";
import classes from "./shell-line.module.css";

/** A command as typed, broken at its spaces only as far as they go; copied, it is the same text. */
export function ShellLine({ text }: { text: string }) {
  const starts = [...text.matchAll(/\S+/gu)];
  return (
    <code className={classes.line}>
      {starts.map((word, order) => (
        <Fragment key={word.index}>
          {order > 0 && " "}
          <span>{word[0]}</span>
        </Fragment>
      ))}
    </code>
  );
}
