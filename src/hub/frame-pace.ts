import { HUB_LIMITS } from "./limits.ts";

const BURST_SECONDS = 10;

/** False for the frame that comes when `perSecond`, averaged over ten seconds, is used up. */
export function createFramePace(perSecond: number = HUB_LIMITS.framesPerSecond, now = () => performance.now()) {
  const most = perSecond * BURST_SECONDS;
  let left = most;
  let at = now();

  return (): boolean => {
    const time = now();
    left = Math.min(most, left + ((time - at) / 1000) * perSecond);
    at = time;
    if (left < 1) return false;
    left -= 1;
    return true;
  };
}
