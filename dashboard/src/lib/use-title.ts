import { useEffect } from "react";

const NAME = "claude-orchestrator";

/** The title of the browser's tab, for as long as the page is shown. */
export function useTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title ? `${title} · ${NAME}` : NAME;
    return () => {
      document.title = NAME;
    };
  }, [title]);
}
