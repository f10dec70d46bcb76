import { expect, test } from "vitest";
import { createRoom } from "../../../src/lib/room.ts";

const { signal } = new AbortController();

/** Who has entered, in order. */
function comers(room: ReturnType<typeof createRoom>) {
  const entered: string[] = [];
  const come = (name: string, size: number, until = signal) =>
    room.take(size, until).then((taken) => (entered.push(name), taken));
  return { entered, come };
}
const soon = () => new Promise((resolve) => setImmediate(resolve));

test("who asks for more than is free waits, and nobody overtakes", async () => {
  const { entered, come } = comers(createRoom(10));
  const first = await come("first", 8);
  const second = come("second", 5);
  void come("third", 1);
  await soon();
  expect(entered).toEqual(["first"]);
  first.shrink(6);
  await soon();
  expect(entered).toEqual(["first"]);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await second;
  expect(entered).toEqual(["first", "second", "third"]);
  void come("too much", 5);
  await soon();
  expect(entered).toHaveLength(3);
});

test("who gives up waiting holds nobody behind up", async () => {
  const { entered, come } = comers(createRoom(10));
  await come("first", 8);
  const cut = new AbortController();
  const second = come("second", 5, cut.signal);
  void come("third", 2);
  cut.abort(new Error("enough"));
  await expect(second).rejects.toThrow("enough");
  await soon();
  expect(entered).toEqual(["first", "third"]);
  await expect(come("late", 1, cut.signal)).rejects.toThrow("enough");
});

test("what is larger than the whole room has it alone", async () => {
  const { entered, come } = comers(createRoom(10));
  const giant = await come("giant", 100);
  void come("other", 1);
  await soon();
  expect(entered).toEqual(["giant"]);
  giant[Symbol.dispose]();
  await soon();
  expect(entered).toEqual(["giant", "other"]);
});
