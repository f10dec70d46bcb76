const PREFIX =
  /^\s*(?:(?:re|aw|sv|vs|antw|ant|odp|rif|r|rép|ref|ynt|回复|答复|回覆|返信|ответ|fwd?|wg|tr|rv|i|enc|doorst|pd|vb|vl|转发|轉寄|пересл)(?:\s*\[\d+\]|\s*\(\d+\))?\s*[:：]\s*)+/iu;
const TAG = /\[([^[\]]{1,200})\]/g;

/** The subject without `Re:`, `Fwd:` and what they are in other languages. */
export const bareSubject = (subject: string): string => subject.replace(PREFIX, "").trim();

/** `Fwd:` in several languages. */
export const isForwarded = (subject: string): boolean =>
  /^\s*(?:fwd?|wg|tr|rv|i|enc|doorst|pd|vb|vl|转发|轉寄|пересл)\s*[:：]/iu.test(subject);

/** What stands in brackets: `[owner/repo] Fix it` → ["owner/repo"]. */
export const subjectTags = (subject: string): string[] =>
  [...subject.matchAll(TAG)].map(([, tag]) => (tag ?? "").trim()).slice(0, 10);

/** The subject without this tag. */
export const withoutTag = (subject: string, tag: string): string =>
  subject.replace(`[${tag}]`, " ").replaceAll(/\s+/g, " ").trim();
