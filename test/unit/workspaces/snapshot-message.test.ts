import { expect, test } from "vitest";
import {
  readSnapshotMessage,
  type SnapshotState,
  writeSnapshotMessage,
} from "../../../src/workspaces/snapshot-message.ts";

const ID = "a".repeat(40);
const header = `tree ${ID}\nparent ${ID}\nauthor x <x> 0 +0000\n\n`;

test("what was written is read back from the commit", () => {
  const state: SnapshotState = {
    head: ID,
    headRef: "refs/heads/claude/1234",
    staged: "b".repeat(40),
    refs: [
      { name: "refs/heads/main", id: ID },
      { name: "refs/tags/v1", id: "c".repeat(64) },
    ],
    stashes: ["d".repeat(40), "e".repeat(40)],
  };
  expect(readSnapshotMessage(header + writeSnapshotMessage(state))).toEqual(state);
});

test("no commit, no branch and nothing staged are null", () => {
  const state: SnapshotState = { head: null, headRef: null, staged: null, refs: [], stashes: [] };
  expect(readSnapshotMessage(header + writeSnapshotMessage(state))).toEqual(state);
});

test("refs outside of branches and tags are not taken from a message", () => {
  expect(
    readSnapshotMessage(`${header}Snapshot\n\nhead none\nref ${ID} refs/../../config\nref ${ID} HEAD\n`).refs,
  ).toEqual([]);
});
