/** The name of a cookie of ours: with https one that no other origin, not even a machine's, can set or shadow. */
export const cookieName = (name: string, { https }: { https: boolean }): string => (https ? `__Host-${name}` : name);
