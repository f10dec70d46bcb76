import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { MemoryRouter, useLocation } from "react-router";
import { onTestFinished } from "vitest";
import type { SessionEvent } from "../../src/contract/event.ts";
import { feedState } from "../src/api/feed-state.ts";
import { createQueryClient } from "../src/api/query-client.ts";
import { signInState } from "../src/api/sign-in-state.ts";
import { App } from "../src/app.tsx";
import { cssVariablesResolver, theme } from "../src/lib/theme.ts";
import { answer, emptyState, type FakeState } from "./fake-api.ts";

/** An event stream that the test writes to. */
class HeldEventSource extends EventTarget {
  static readonly CLOSED = 2;
  static current: HeldEventSource | undefined;
  readyState = 0;
  constructor() {
    super();
    HeldEventSource.current = this;
  }
  close(): void {
    this.readyState = HeldEventSource.CLOSED;
  }
}

export interface Sent {
  method: string;
  path: string;
  body: unknown;
}

function Address({ onChange }: { onChange: (address: string) => void }) {
  const { pathname, search } = useLocation();
  onChange(pathname + search);
  return null;
}

/** The whole console on the API in memory, at an address, with a hand on its feed and on all it sends. */
export function openConsole(path: string, state: FakeState = emptyState()) {
  const sent: Sent[] = [];
  const real = { fetch: globalThis.fetch, EventSource: globalThis.EventSource };
  globalThis.fetch = async (input, init) => {
    const request = new Request(input instanceof Request ? input.url : input, init);
    const text = request.method === "GET" ? "" : await request.clone().text();
    if (request.method !== "GET")
      sent.push({ method: request.method, path: new URL(request.url).pathname, body: JSON.parse(text || "null") });
    return answer(state, request);
  };
  globalThis.EventSource = HeldEventSource as unknown as typeof EventSource;
  onTestFinished(() => {
    Object.assign(globalThis, real);
    feedState.reset();
    signInState.set(false);
  });
  let address = "";
  const client = createQueryClient();
  render(
    <MantineProvider theme={theme} cssVariablesResolver={cssVariablesResolver} env="test">
      <QueryClientProvider client={client}>
        <MemoryRouter initialEntries={[path]}>
          <Address onChange={(next) => (address = next)} />
          <App />
        </MemoryRouter>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return {
    state,
    sent,
    user: userEvent.setup(),
    address: () => address,
    openFeed: () => HeldEventSource.current?.dispatchEvent(new Event("open")),
    breakFeed: () => HeldEventSource.current?.dispatchEvent(new Event("error")),
    tell: (event: SessionEvent) =>
      HeldEventSource.current?.dispatchEvent(new MessageEvent("event", { data: JSON.stringify(event) })),
    row: (name: RegExp) => within(screen.getByRole("navigation", { name: "Sessions" })).findByRole("link", { name }),
    list: () => screen.getByRole("navigation", { name: "Sessions" }),
    talk: () => screen.getByRole("log"),
  };
}
