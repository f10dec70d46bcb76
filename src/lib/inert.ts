/** A zero-width space: the reader sees the same text, Claude no longer sees a path to inline. */
const APART = "\u200B";

/** The same text to a reader, with no path in it that Claude would inline. */
export const inert = (text: string): string => text.replaceAll(/@(?=[^\s@])/gu, `@${APART}`);

/** As `inert`, also for what other text follows or goes before: each @ leads nowhere. */
export const inertPart = (text: string): string => text.replaceAll(/@(?!\u200B)/gu, `@${APART}`);
