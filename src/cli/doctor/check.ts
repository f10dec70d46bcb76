/** What one look at the installation found. */
export interface Check {
  name: string;
  state: "ok" | "warn" | "fail";
  text: string;
  /** What to do; absent when nothing has to be done. */
  advice?: string;
}

export const ok = (name: string, text: string): Check => ({ name, state: "ok", text });
export const warn = (name: string, text: string, advice: string): Check => ({ name, state: "warn", text, advice });
export const fail = (name: string, text: string, advice: string): Check => ({ name, state: "fail", text, advice });
