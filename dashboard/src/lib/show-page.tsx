import { MantineProvider } from "@mantine/core";
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { cssVariablesResolver, theme } from "./theme.ts";

/** Fills the page's `#root`, in our look and with one cache; `basename` is the path it is served under. */
export function showPage(content: ReactNode, { client, basename }: { client: QueryClient; basename: string }): void {
  const root = document.querySelector("#root");
  if (!root) throw new Error("this page has no #root");
  createRoot(root).render(
    <StrictMode>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={cssVariablesResolver}
        defaultColorScheme="auto"
        withGlobalClasses={false}
      >
        <QueryClientProvider client={client}>
          <BrowserRouter basename={basename}>{content}</BrowserRouter>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}
