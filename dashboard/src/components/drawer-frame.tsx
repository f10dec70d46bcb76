import { Drawer } from "@mantine/core";
import "../styles/mantine-dialog.css";
import type { SideDrawerProps } from "./side-drawer.tsx";
import classes from "./drawer-frame.module.css";

const LIST_PX = 320;
const DETAILS_PX = 440;
const LOOK = { overlay: classes.scrim ?? "", content: classes.drawer ?? "" };

export function DrawerFrame({ side, title, opened, onClose, children }: SideDrawerProps) {
  return (
    <Drawer.Root
      opened={opened}
      onClose={onClose}
      position={side}
      size={side === "left" ? LIST_PX : DETAILS_PX}
      classNames={LOOK}
    >
      <Drawer.Overlay />
      <Drawer.Content aria-label={title}>{children}</Drawer.Content>
    </Drawer.Root>
  );
}
