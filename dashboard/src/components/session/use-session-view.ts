import { useSearchParams } from "react-router";
import { useLayout } from "../../lib/use-layout.ts";

export type Tab = "talk" | "changes" | "tools" | "facts";
const ASIDE_TABS: readonly Tab[] = ["changes", "tools", "facts"];

/** Which part of a session is shown, and how: beside the conversation, or alone on a phone and at full width. */
export interface SessionView {
  phone: boolean;
  /** One pane at a time, the conversation being one of them. */
  single: boolean;
  wide: boolean;
  asideBeside: boolean;
  tabs: readonly Tab[];
  tab: Tab;
  setTab: (tab: Tab) => void;
  toggleWide: () => void;
}

export function useSessionView(): SessionView {
  const [params, setParams] = useSearchParams();
  const { phone, asideBeside } = useLayout();
  const wide = params.has("wide") && !phone;
  const single = phone || wide;
  const tabs: readonly Tab[] = single ? ["talk", ...ASIDE_TABS] : ASIDE_TABS;
  const asked = params.get("tab");
  const tab = tabs.find((candidate) => candidate === asked) ?? (wide && !asked ? "changes" : (tabs[0] ?? "talk"));
  const change = (name: string, value: string | null) =>
    setParams(
      (current) => {
        const next = new URLSearchParams(current);
        if (value === null) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  return {
    phone,
    single,
    wide,
    asideBeside,
    tabs,
    tab,
    setTab: (next) => change("tab", next),
    toggleWide: () => change("wide", wide ? null : "1"),
  };
}
