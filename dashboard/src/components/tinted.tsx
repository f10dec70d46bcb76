import { Fragment } from "react";

/** A JSON text, or a command with one in it, with its names in the accent. */
export function Tinted({ text }: { text: string }) {
  const parts = text.split(/("[\w$]+"(?=:))/u);
  return parts.map((part, index) => (index % 2 === 1 ? <b key={index} className="json-name">{part}</b> : <Fragment key={index}>{part}</Fragment>));
}
