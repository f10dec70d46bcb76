import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { openConsole } from "../../test/console.tsx";
import { emptyState } from "../../test/fake-api.ts";

test("only what was set is sent, and the new session opens", async () => {
  const { user, sent, state, address } = openConsole("/new");
  await user.type(await screen.findByRole("textbox", { name: "Prompt" }), "Explain this repository");
  await user.type(screen.getByRole("combobox", { name: "Repository" }), "octocat/Hello-World");
  await user.click(screen.getByRole("button", { name: /Start session/u }));
  await waitFor(() => expect(address()).toBe(`/sessions/${state.sessions[0]?.sessionId}`));
  expect(sent[0]?.body).toEqual({
    projectType: "github",
    githubRepo: "octocat/Hello-World",
    initialPrompt: "Explain this repository",
  });
});

test("what the server refuses stands under its field, which gets the focus", async () => {
  const { user, address } = openConsole("/new");
  await user.click(await screen.findByRole("button", { name: "Local folder" }));
  await user.click(screen.getByRole("button", { name: /Start session/u }));
  const field = screen.getByRole("textbox", { name: "Folder on the server" });
  await waitFor(() => expect(field).toHaveAccessibleDescription("is required for projectType local"));
  expect(field).toHaveFocus();
  expect(address()).toBe("/new");
});

test("the curl line beside the form does the same as the form", async () => {
  const { user } = openConsole("/new");
  await user.type(await screen.findByRole("textbox", { name: "Prompt" }), "Don't stop");
  const preview = screen.getByRole("complementary", { name: "The same by API" });
  expect(preview).toHaveTextContent(`curl ${location.origin}/api/sessions`);
  expect(preview).toHaveTextContent(String.raw`"initialPrompt": "Don'\''t stop"`);
});

test("a full house is said before one starts", async () => {
  const state = emptyState();
  state.status = { ...state.status, slots: { busy: 8, total: 8 } };
  openConsole("/new", state);
  expect(await screen.findByText("waits for a slot: all are busy")).toBeInTheDocument();
});
