import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { InputPipe } from "./input-pipe.ts";
import { signal, sweepGroup, sweepMarker } from "./marked-processes.ts";
import { identityAlive, type ProcessIdentity } from "./process-identity.ts";

const INTERRUPT_MS = 3_000;
const SIGINT_MS = 2_000;
const LAST_WORD_MS = 1_000;
const POLL_MS = 25;

/**
 * Ends a run, from the most polite way to the surest: Claude is asked to interrupt (it stops its own tools and keeps
 * the conversation whole), then SIGINT, then SIGKILL of everything but the wrapper, which thus still writes the exit
 * code. Never SIGTERM: Claude then leaves its tools running. What carries the run's marker is gone when this returns.
 */
export async function climbDown(
  identity: ProcessIdentity | undefined,
  input: InputPipe,
  marker: string | undefined,
): Promise<void> {
  if (identity && identityAlive(identity)) {
    if (!(await interrupt(identity, input))) await interruptGroup(identity);
    if (identityAlive(identity)) await killGroup(identity, marker ?? "");
  }
  if (marker !== undefined) await sweepMarker(marker);
}

async function interrupt(identity: ProcessIdentity, input: InputPipe): Promise<boolean> {
  if (!input.open) return false;
  input.send({ type: "control_request", request_id: randomUUID(), request: { subtype: "interrupt" } });
  input.close();
  return goneWithin(identity, INTERRUPT_MS);
}

async function interruptGroup(identity: ProcessIdentity): Promise<void> {
  if (identityAlive(identity)) signal(-identity.pid, "SIGINT");
  await goneWithin(identity, SIGINT_MS);
}

async function killGroup(identity: ProcessIdentity, marker: string): Promise<void> {
  await sweepGroup(identity.pid, marker);
  if (!(await goneWithin(identity, LAST_WORD_MS)) && identityAlive(identity)) signal(-identity.pid, "SIGKILL");
  await goneWithin(identity, LAST_WORD_MS);
}

async function goneWithin(identity: ProcessIdentity, ms: number): Promise<boolean> {
  const until = performance.now() + ms;
  while (identityAlive(identity)) {
    if (performance.now() >= until) return false;
    await sleep(POLL_MS);
  }
  return true;
}
