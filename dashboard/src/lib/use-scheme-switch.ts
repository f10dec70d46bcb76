import { useMantineColorScheme } from "@mantine/core";

/** Switches between light and dark; remembered by Mantine. */
export function useSchemeSwitch(): () => void {
  const { setColorScheme } = useMantineColorScheme();
  return () => setColorScheme(document.documentElement.dataset["mantineColorScheme"] === "dark" ? "light" : "dark");
}
