import type { MessageFile } from "../../../../src/contract/message-file.ts";
import { fileSize } from "../../lib/format.ts";
import { FileIcon } from "../icons.tsx";
import classes from "./message-files.module.css";

/** The files that came with a message, by name and size. */
export function MessageFiles({ files }: { files: readonly MessageFile[] }) {
  if (files.length === 0) return null;
  return (
    <ul className={classes.files} aria-label="Files">
      {files.map(({ name, mediaType, size }) => (
        <li key={name} title={mediaType}>
          <FileIcon size={12} />
          <span className={classes.name}>{name}</span>
          <span className="num dim3">{fileSize(size)}</span>
        </li>
      ))}
    </ul>
  );
}
