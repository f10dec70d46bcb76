/** What is to go wrong, on demand. */
export interface PlannedFault {
  /** Undefined fits every method. */
  method?: string;
  channel?: string;
  team?: string;
  /**
   * "500": an error page and nothing done. "hang": nothing done, no answer. "lost": done, but the connection breaks
   * instead of an answer. "hang after": done, no answer. "ratelimited": 429. Anything else is the `error` answered.
   */
  kind: string;
  /** How often; once by default. */
  times?: number;
  /** Seconds of a 429. */
  retryAfter?: number;
}

const fits = (wanted: string | undefined, is: string | undefined) => wanted === undefined || wanted === is;

export function createPlannedFaults() {
  const planned: (PlannedFault & { left: number })[] = [];
  return {
    add(fault: PlannedFault): void {
      planned.push({ ...fault, left: fault.times ?? 1 });
    },
    clear(): void {
      planned.length = 0;
    },
    /** The fault this call is to meet, which is used up by it. */
    take(call: { method: string; channel: string | undefined; team: string }): PlannedFault | undefined {
      const index = planned.findIndex(
        (one) => fits(one.method, call.method) && fits(one.channel, call.channel) && fits(one.team, call.team),
      );
      const found = planned[index];
      if (!found) return undefined;
      found.left -= 1;
      if (found.left <= 0) planned.splice(index, 1);
      return found;
    },
  };
}
