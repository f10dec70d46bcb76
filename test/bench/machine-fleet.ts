import { setTimeout as sleep } from "node:timers/promises";
import type { BenchHub } from "./bench-hub.ts";
import { type LightMachine, startLightMachine } from "./light-machine.ts";

const AT_ONCE = 32;
const PATIENCE_MS = 20 * 60_000;

export type Fleet = Awaited<ReturnType<typeof openFleet>>;

interface Spread {
  /** So many tokens are shared by all machines. */
  tokens?: number;
  /** Machines come from so many addresses; absent, each from its own. */
  addresses?: number;
}

/** Machines that stay connected to a hub. */
export async function openFleet(hub: BenchHub, { tokens = 100, addresses = Number.POSITIVE_INFINITY }: Spread = {}) {
  const texts: string[] = [];
  for (let nth = 0; nth < tokens; nth++) texts.push(await hub.token());
  const machines: LightMachine[] = [];

  async function add(): Promise<void> {
    const nth = machines.length;
    const from = nth % addresses;
    const address = `10.${(from >> 16) & 255}.${(from >> 8) & 255}.${from & 255}`;
    const token = texts[nth % texts.length] ?? "";
    const machine = startLightMachine({ port: hub.port, token, name: `machine-${nth}`, address });
    machines.push(machine);
    await machine.registered;
  }

  return {
    machines,
    /** Connects as many as are missing, a few at a time; returns the seconds it took. */
    async growTo(count: number): Promise<number> {
      const begun = performance.now();
      const work = async () => {
        while (machines.length < count) await add();
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      return (performance.now() - begun) / 1_000;
    },
    /** Seconds since `begun` after which each of these shares was registered again. */
    async back(begun: number, shares: readonly number[]): Promise<number[]> {
      const found: number[] = [];
      for (const share of shares) {
        while (machines.filter((one) => one.isRegistered()).length < share * machines.length) {
          if (performance.now() - begun > PATIENCE_MS) throw new Error("not all machines came back");
          await sleep(50);
        }
        found.push((performance.now() - begun) / 1_000);
      }
      return found;
    },
    [Symbol.asyncDispose]: async () => void (await Promise.all(machines.map((one) => one.stop()))),
  };
}
