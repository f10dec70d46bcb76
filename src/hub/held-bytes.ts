import { AppError } from "../lib/errors.ts";

export type HeldBytes = ReturnType<typeof createHeldBytes>;

/** What one person's requests hold in memory, bounded: what is not streamed is held whole, until a slow reader has it. */
export function createHeldBytes(perUser: number) {
  const held = new Map<string, number>();

  return {
    /** Returns what gives them back, once. Throws "unavailable" when there is no room. */
    hold(userId: string, bytes: number): () => void {
      const before = held.get(userId) ?? 0;
      if (before + bytes > perUser) throw new AppError("unavailable", "Too much of yours is under way; try again");
      held.set(userId, before + bytes);
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        const left = (held.get(userId) ?? 0) - bytes;
        if (left > 0) held.set(userId, left);
        else held.delete(userId);
      };
    },
    get size() {
      return held.size;
    },
  };
}
