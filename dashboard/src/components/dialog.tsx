import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import "../styles/mantine-dialog.css";
import { useLayout } from "../lib/use-layout.ts";
import { Button } from "./button.tsx";
import { CloseIcon } from "./icons.tsx";
import classes from "./dialog.module.css";

const LOOK = { overlay: classes.scrim ?? "", content: classes.dialog ?? "", title: classes.title ?? "" };

interface DialogProps {
  title: string;
  note?: ReactNode;
  width: number;
  onClose: () => void;
  children: ReactNode;
}

/** A dialog over the page; on a phone it is the page. Holds the focus and gives it back. */
export function Dialog({ title, note, width, onClose, children }: DialogProps) {
  const { phone } = useLayout();
  return (
    <Modal.Root
      opened
      onClose={onClose}
      size={width}
      centered={!phone}
      fullScreen={phone}
      yOffset="4dvh"
      classNames={LOOK}
    >
      <Modal.Overlay />
      <Modal.Content>
        <div className={classes.head}>
          <Modal.Title component="h1">{title}</Modal.Title>
          {note && <span className="sm dim">{note}</span>}
          <Button look="quiet" square className={classes.close} aria-label="Close" onClick={onClose}>
            <CloseIcon size={12} />
          </Button>
        </div>
        {children}
      </Modal.Content>
    </Modal.Root>
  );
}
