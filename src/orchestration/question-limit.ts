import type { Socket } from "socket.io";

interface Quota {
  most: number;
  windowMs: number;
}

/** What one socket may ask; a client that comes back subscribes at once to all it follows. */
const QUESTIONS: Quota = { most: 500, windowMs: 10_000 };

/**
 * Leaves unread what a socket asks beyond the limit, and says so once a window. It is not cut off: editors that are dial
 * again at once, without end.
 */
export function limitQuestions(socket: Socket): void {
  const judge = createQuota(QUESTIONS);
  socket.use((_event, next) => {
    const verdict = judge(performance.now());
    if (verdict === "within") return next();
    if (verdict === "first beyond")
      socket.emit("error", { message: `a socket may ask ${QUESTIONS.most} things in ${QUESTIONS.windowMs / 1000} s` });
  });
}

/** Judges one question after the other by the time it comes, in milliseconds. */
export function createQuota({ most, windowMs }: Quota) {
  let since = -Infinity;
  let count = 0;
  return (now: number): "within" | "first beyond" | "beyond" => {
    if (now - since >= windowMs) [since, count] = [now, 0];
    count += 1;
    if (count <= most) return "within";
    return count === most + 1 ? "first beyond" : "beyond";
  };
}
