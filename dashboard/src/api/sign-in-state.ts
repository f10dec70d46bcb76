let needed = false;
const listeners = new Set<() => void>();

/** Whether the server has asked this browser to sign in. */
export const signInState = {
  get: (): boolean => needed,
  set(value: boolean): void {
    if (needed === value) return;
    needed = value;
    for (const listener of listeners) listener();
  },
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
