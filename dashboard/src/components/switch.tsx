import classes from "./switch.module.css";

interface SwitchProps {
  /** What is on or off, for reading aloud. */
  label: string;
  on: boolean;
  onChange: (on: boolean) => void;
  /** The state in a word, beside it. */
  children: string;
}

/** Something that holds at once, without a button to confirm it. */
export function Switch({ label, on, onChange, children }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={on}
      aria-label={label}
      className={classes.switch}
      onClick={() => onChange(!on)}
    >
      {children}
      <span className={classes.track} aria-hidden />
    </button>
  );
}
