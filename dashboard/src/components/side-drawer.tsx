import { lazy, type ReactNode, Suspense, useState } from "react";

const DrawerFrame = lazy(() => import("./drawer-frame.tsx").then((file) => ({ default: file.DrawerFrame })));

export interface SideDrawerProps {
  side: "left" | "right";
  title: string;
  opened: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A pane that lies over the page where there is no room beside it; its machinery is fetched when it is first opened. */
export function SideDrawer(props: SideDrawerProps) {
  const [used, setUsed] = useState(props.opened);
  if (props.opened && !used) setUsed(true);
  return used ? (
    <Suspense>
      <DrawerFrame {...props} />
    </Suspense>
  ) : null;
}
