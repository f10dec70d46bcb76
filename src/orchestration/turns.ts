/** Lets `atOnce` tasks go on at a time; the others wait their turn, in the order in which they came. */
export function createTurns(atOnce: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let on = 0;
  return async (task) => {
    if (on < atOnce) on += 1;
    else await new Promise<void>((resolve) => void waiting.push(resolve));
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else on -= 1;
    }
  };
}
