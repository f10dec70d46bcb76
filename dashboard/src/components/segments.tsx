import type { ReactNode } from "react";
import classes from "./segments.module.css";

interface SegmentsProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, ReactNode])[];
  onChange: (value: T) => void;
  wide?: boolean;
}

/** A few choices side by side, of which one holds. */
export function Segments<T extends string>({ label, value, options, onChange, wide = false }: SegmentsProps<T>) {
  return (
    <span className={classes.segments} role="group" aria-label={label} data-wide={wide || undefined}>
      {options.map(([option, content]) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChange(option)}>
          {content}
        </button>
      ))}
    </span>
  );
}
