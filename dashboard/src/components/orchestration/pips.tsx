import classes from "./pips.module.css";

/** More than this is a number, not a picture. */
const MOST = 10;

/** One mark for each run that is on, is desired, or is beyond what is desired. */
export function Pips({ running, desired }: { running: number; desired: number }) {
  const count = Math.max(running, desired);
  if (count === 0 || count > MOST) return null;
  const look = (index: number) => {
    if (index >= running) return undefined;
    return index < desired ? classes.on : classes.beyond;
  };
  return (
    <span className={classes.pips} aria-hidden="true">
      {Array.from({ length: count }, (_, index) => (
        <i key={index} className={look(index)} />
      ))}
    </span>
  );
}
