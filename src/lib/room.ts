/** A part of a room. */
export interface Taken extends Disposable {
  /** Gives back what turned out not to be needed. */
  shrink(size: number): void;
}

interface Waiting {
  size: number;
  enter: () => void;
}

/**
 * A bound on what is held by all who share it, such as memory. Who asks for more than is free waits, in the order of
 * asking; who asks for more than there is gets all of it.
 */
export function createRoom(total: number) {
  const waiting: Waiting[] = [];
  let free = total;

  function letIn(): void {
    for (let [next] = waiting; next && next.size <= free; [next] = waiting) {
      waiting.shift();
      free -= next.size;
      next.enter();
    }
  }

  function taken(size: number): Taken {
    let held = size;
    const shrink = (to: number) => {
      if (to >= held) return;
      free += held - to;
      held = to;
      letIn();
    };
    return { shrink, [Symbol.dispose]: () => shrink(0) };
  }

  return {
    /** Rejects with the reason of the signal when that aborts first. */
    take(wanted: number, signal: AbortSignal): Promise<Taken> {
      const size = Math.min(wanted, total);
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason);
        const leave = () => {
          waiting.splice(waiting.indexOf(one), 1);
          reject(signal.reason);
          letIn(); // A smaller one may have waited behind it.
        };
        const enter = () => {
          signal.removeEventListener("abort", leave);
          resolve(taken(size));
        };
        const one = { size, enter };
        signal.addEventListener("abort", leave, { once: true });
        waiting.push(one);
        letIn();
      });
    },
  };
}
