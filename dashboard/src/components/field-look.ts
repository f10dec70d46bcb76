import classes from "./fields.module.css";

const has = (name: string): string => classes[name] ?? "";

/** Our look for Mantine's fields; `typed` ones hold code, paths and names. */
export const fieldLook = {
  label: has("label"),
  input: has("input"),
  error: has("error"),
  description: has("description"),
  dropdown: has("dropdown"),
  option: has("option"),
  pill: has("pill"),
};

export const typedLook = { ...fieldLook, input: `${has("input")} ${has("mono")}` };
