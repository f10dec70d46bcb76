/** A fault, when something is wrong. */
export const when = (wrong: boolean, fault: string): string[] => (wrong ? [fault] : []);
