import { UnstyledButton } from "@mantine/core";
import type { ComponentProps } from "react";
import classes from "./button.module.css";

interface ButtonProps extends ComponentProps<"button"> {
  /** One filled button a region; `quiet` has no border, `bad` ends or refuses something. */
  look?: "plain" | "filled" | "quiet" | "bad";
  size?: "small" | "normal" | "large";
  square?: boolean;
}

export function Button({
  look = "plain",
  size = "normal",
  square = false,
  className,
  type = "button",
  ...rest
}: ButtonProps) {
  const names = [classes.button, classes[look], classes[size], square && classes.square, className];
  return <UnstyledButton component="button" type={type} {...rest} className={names.filter(Boolean).join(" ")} />;
}
