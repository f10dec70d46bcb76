import { useState } from "react";
import { Button } from "../button.tsx";
import { CloseIcon, MinusIcon, PlusIcon } from "../icons.tsx";
import classes from "./stepper.module.css";

interface StepperProps {
  /** Names the workspace for those who do not see the row. */
  label: string;
  /** Null: no limit. */
  value: number | null;
  most: number;
  onChange: (value: number | null) => void;
}

/** One fewer, a number, one more. */
export function Stepper({ label, value, most, onChange }: StepperProps) {
  const [text, setText] = useState<string>();
  const shown = value === null ? "" : String(value);
  const typed = () => {
    if (text === undefined) return;
    const wanted = Number(text);
    if (text.trim() !== "" && Number.isInteger(wanted) && wanted >= 0 && wanted <= most) onChange(wanted);
    setText(undefined);
  };
  return (
    <span className={classes.around}>
      <span className={classes.step}>
        <button
          type="button"
          aria-label={`One fewer in ${label}`}
          disabled={value === 0}
          onClick={() => onChange(Math.max(0, (value ?? 1) - 1))}
        >
          <MinusIcon size={12} />
        </button>
        <input
          aria-label={`Desired in ${label}`}
          inputMode="numeric"
          placeholder="any"
          value={text ?? shown}
          onChange={(event) => setText(event.target.value)}
          onBlur={typed}
          onKeyDown={(event) => event.key === "Enter" && typed()}
        />
        <button
          type="button"
          aria-label={`One more in ${label}`}
          disabled={value !== null && value >= most}
          onClick={() => onChange(Math.min(most, (value ?? 0) + 1))}
        >
          <PlusIcon size={12} />
        </button>
      </span>
      {value !== null && (
        <Button
          look="quiet"
          square
          size="small"
          aria-label={`No limit in ${label}`}
          title="No limit"
          onClick={() => onChange(null)}
        >
          <CloseIcon size={10} />
        </Button>
      )}
    </span>
  );
}
