/** The zone that days and months of this server are counted in, as IANA names it. */
export const timeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

export const startOfDay = (at: Date): Date => new Date(at.getFullYear(), at.getMonth(), at.getDate());
export const startOfNextDay = (at: Date): Date => new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1);
export const startOfMonth = (at: Date): Date => new Date(at.getFullYear(), at.getMonth(), 1);
export const startOfNextMonth = (at: Date): Date => new Date(at.getFullYear(), at.getMonth() + 1, 1);

const two = (number: number): string => String(number).padStart(2, "0");

/** `2026-11-21`, as the server's clock on the wall shows it. */
export const localDay = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;

/** `2026-11-21 00:00 (Europe/Berlin)` */
export const localMinute = (at: Date): string =>
  `${localDay(at)} ${two(at.getHours())}:${two(at.getMinutes())} (${timeZone()})`;
