/** What a hub may take to answer a ping. */
const PONG_MS = 10_000;

/**
 * Says `ping` every `intervalMs`, and `onDead` once when nothing at all is heard for 10 s after one. A ping that is not
 * answered yet is not repeated, so a short interval hides no dead hub.
 */
export function startHeartbeat(parts: { intervalMs: number; ping: () => void; onDead: () => void; pongMs?: number }) {
  const { intervalMs, ping, onDead, pongMs = PONG_MS } = parts;
  let waiting: NodeJS.Timeout | undefined;
  const beat = setInterval(() => {
    if (waiting) return;
    waiting = setTimeout(onDead, pongMs).unref();
    ping();
  }, intervalMs).unref();

  const heard = (): void => {
    clearTimeout(waiting);
    waiting = undefined;
  };
  return {
    heard,
    stop(): void {
      clearInterval(beat);
      heard();
    },
  };
}
