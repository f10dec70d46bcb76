import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import type { HubConnection } from "../../../../src/contract/system.ts";
import { HubWord } from "./hub-word.tsx";

const hub: HubConnection = {
  url: "wss://hub.example.com/ws/connect",
  state: "connected",
  since: "2026-11-21T12:00:00.000Z",
  clientId: "vm-1",
  claimCode: null,
  message: null,
};

test("a connection is named in a word, with the hub's address behind it", () => {
  render(<HubWord hub={hub} />);
  expect(screen.getByTitle(hub.url).textContent).toBe("hub connected");
});

test("a machine that waits to be claimed shows the code that the hub shows too", () => {
  render(<HubWord hub={{ ...hub, state: "pending", claimCode: "ABCD-2345" }} />);
  expect(screen.getByText("to be claimed, code ABCD-2345")).toBeTruthy();
});

test("what keeps it from being connected is said", () => {
  render(<HubWord hub={{ ...hub, state: "waiting", message: "the hub does not know this token" }} />);
  expect(screen.getByTitle(/does not know this token/).textContent).toBe("hub not connected");
});
