/** Resolves at the first SIGTERM, SIGINT or SIGHUP; the second one ends the process at once. */
export function untilSignal(onSignal: (signal: string) => void): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0;
    // `on`, never `once`: with nobody listening at the second signal, libraries that watch for it would kill our children.
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
      process.on(signal, () => {
        signals += 1;
        if (signals > 1) process.exit(130);
        onSignal(signal);
        resolve();
      });
    }
  });
}
