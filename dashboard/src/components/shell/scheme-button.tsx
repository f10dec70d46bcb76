import { useSchemeSwitch } from "../../lib/use-scheme-switch.ts";
import { Button } from "../button.tsx";
import { MoonIcon, SunIcon } from "../icons.tsx";
import classes from "./scheme-button.module.css";

export function SchemeButton() {
  const switchScheme = useSchemeSwitch();
  return (
    <Button look="quiet" square aria-label="Switch colour scheme" title="Light or dark ( . )" onClick={switchScheme}>
      <span className={classes.onLight}>
        <MoonIcon />
      </span>
      <span className={classes.onDark}>
        <SunIcon />
      </span>
    </Button>
  );
}
