import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { openConsole } from "../../test/console.tsx";
import { emptyState } from "../../test/fake-api.ts";
import { ago, aSession } from "../../test/samples.ts";

function mixedState() {
  const state = emptyState();
  state.sessions.push(
    aSession({ title: "Finished one", status: "completed" }),
    aSession({ title: "Live one", status: "running", activity: "npm test" }),
    aSession({ title: "Broken one", status: "failed", lastReason: "budget", costUsd: 5 }),
    aSession({
      title: "Asking one",
      status: "waiting",
      waitingFor: { kind: "person", text: "Asks to run git push", until: null },
    }),
    aSession({
      title: "Limited one",
      status: "waiting",
      waitingFor: { kind: "limit", text: "Usage limit", until: null },
    }),
    aSession({ title: "Old one", status: "archived" }),
  );
  return state;
}

test("sessions stand in groups by what they need, and a group without sessions is not there", async () => {
  const { list, row } = openConsole("/", mixedState());
  await row(/^Failed, Broken one/u);
  const groups = within(list())
    .getAllByRole("heading")
    .map((heading) => heading.textContent);
  expect(groups).toEqual(["Needs you1", "Failed1", "Running1", "Waiting1", "Done1"]);
  const names = within(list())
    .getAllByRole("link")
    .map((link) => link.textContent);
  expect(names[0]).toMatch(/^Waiting for you, Asking one.*Asks to run git push/u);
  expect(names[1]).toMatch(/^Failed, Broken one.*Budget reached/u);
  expect(names[2]).toMatch(/^Running, Live one.*npm test/u);
  expect(within(list()).queryByText("Old one")).not.toBeInTheDocument();
});

test("words of the search become parameters of the address, and the list follows them", async () => {
  const { user, address, list, row } = openConsole("/", mixedState());
  await row(/Broken one/u);
  await user.type(screen.getByRole("textbox", { name: "Search sessions" }), "is:failed broken");
  await waitFor(() => expect(address()).toBe("/?q=broken&status=failed"));
  await waitFor(() => expect(within(list()).getAllByRole("link")).toHaveLength(1));
});

test("a search that finds nothing repeats itself and offers to be cleared", async () => {
  const { user, address, row } = openConsole("/?q=nowhere", mixedState());
  await screen.findByText("No session matches “nowhere”.");
  await user.click(screen.getByText("Clear the search"));
  await row(/Broken one/u);
  expect(address()).toBe("/");
});

test("done sessions come twenty at a time", async () => {
  const state = emptyState();
  for (let index = 0; index < 25; index += 1)
    state.sessions.push(aSession({ title: `Done ${index}`, createdAt: ago(index) }));
  const { user, list, row } = openConsole("/", state);
  await row(/Done 19/u);
  expect(within(list()).getAllByRole("link")).toHaveLength(20);
  await user.click(screen.getByRole("button", { name: "Older" }));
  await row(/Done 24/u);
});

test("without any session the first page offers a curl line for this very address", async () => {
  openConsole("/");
  await screen.findByRole("heading", { name: "Ready. Start the first session." });
  expect(await screen.findByText(/curl/u)).toHaveTextContent(`curl ${location.origin}/api/sessions`);
  expect(screen.getByText(/nothing received yet/u)).toBeInTheDocument();
});

test("a server that does not answer is said in the foot and in the list, and nothing else breaks", async () => {
  const state = mixedState();
  state.down = true;
  openConsole("/", state);
  expect(await screen.findByText(/server gone for/u)).toBeInTheDocument();
  expect(screen.getByRole("alert")).toHaveTextContent("The list could not be loaded.");
});

test("J and K walk through the list, N opens the form, and no key does anything while one writes", async () => {
  const { user, address, row } = openConsole("/", mixedState());
  await row(/Asking one/u);
  await user.keyboard("j");
  expect(await screen.findByRole("heading", { name: "Asking one" })).toBeInTheDocument();
  await user.keyboard("j");
  expect(await screen.findByRole("heading", { name: "Broken one" })).toBeInTheDocument();
  await user.keyboard("k");
  expect(await screen.findByRole("heading", { name: "Asking one" })).toBeInTheDocument();
  await user.click(screen.getByRole("textbox", { name: "Search sessions" }));
  const before = address();
  await user.keyboard("n");
  expect(address()).toBe(before);
});

test("a key is asked for when the server wants one", async () => {
  const state = mixedState();
  state.apiKey = "the-right-key-0000";
  const { user, row } = openConsole("/", state);
  const field = await screen.findByLabelText("API key");
  await user.type(field, "a-wrong-key-000000");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByText("The server does not know this key.")).toBeInTheDocument();
  await user.clear(field);
  await user.type(field, "the-right-key-0000");
  await user.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await row(/Broken one/u)).toBeInTheDocument();
});
