import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";
import "../styles/mantine-dialog.css";
import classes from "./side-drawer.module.css";

interface SideDrawerProps {
  side: "left" | "right";
  title: string;
  opened: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A pane that lies over the page where there is no room beside it. */
export function SideDrawer({ side, title, opened, onClose, children }: SideDrawerProps) {
  return (
    <Drawer.Root opened={opened} onClose={onClose} position={side} size={side === "left" ? 320 : 440}>
      <Drawer.Overlay className={classes.overlay ?? ""} />
      <Drawer.Content className={classes.content ?? ""} aria-label={title}>
        {children}
      </Drawer.Content>
    </Drawer.Root>
  );
}
