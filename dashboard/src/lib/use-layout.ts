import { useMediaQuery } from "@mantine/hooks";

const NOW = { getInitialValueInEffect: false };

/** How much room there is: which of list, page and details stand side by side. */
export function useLayout(): { phone: boolean; listBeside: boolean; asideBeside: boolean } {
  const listBeside = useMediaQuery("(min-width: 960px)", true, NOW);
  const asideBeside = useMediaQuery("(min-width: 1280px)", true, NOW);
  const phone = useMediaQuery("(max-width: 767px)", false, NOW);
  return { phone, listBeside, asideBeside };
}
