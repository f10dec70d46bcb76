/** Work under one name is done one after the other, in the order it was asked for; under different names side by side. */
export function createTurns() {
  const tails = new Map<string, Promise<unknown>>();
  return {
    take<T>(name: string, work: () => Promise<T>): Promise<T> {
      const turn = (tails.get(name) ?? Promise.resolve()).then(work);
      const tail = turn.catch(() => {});
      tails.set(name, tail);
      void tail.then(() => {
        if (tails.get(name) === tail) tails.delete(name);
      });
      return turn;
    },
  };
}

/** At most `slots` works at a time; the others wait in line. */
export function createSlots(slots: number) {
  const line: (() => void)[] = [];
  let free = slots;
  return {
    async use<T>(work: () => Promise<T>): Promise<T> {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => line.push(resolve));
      try {
        return await work();
      } finally {
        // Whoever is next takes the slot over; it is never free in between.
        const next = line.shift();
        if (next) next();
        else free++;
      }
    },
  };
}

/** Whoever asks under a name while an answer to it is being made gets that answer. */
export function createShared<T>() {
  const running = new Map<string, Promise<T>>();
  return {
    join(name: string, work: () => Promise<T>): Promise<T> {
      const known = running.get(name);
      if (known) return known;
      const answer = work().finally(() => running.delete(name));
      running.set(name, answer);
      return answer;
    },
  };
}
