/** Why a mail starts nothing and continues nothing. */
export const REFUSAL_KINDS = [
  /** Not a mail, or one that nobody's mail program writes: too many parts, no single author. */
  "malformed",
  "too_large",
  "no_text",
  /** A machine wrote it: an automatic answer, a list, a bounce, or we ourselves. */
  "loop",
  "sender_not_allowed",
  /** Nothing proves that it comes from who it says. */
  "not_authenticated",
  "forged_tag",
  "not_a_participant",
  "too_many",
  "which_repository",
  /** The session or the repository did not take it. */
  "not_possible",
] as const;
export type RefusalKind = (typeof REFUSAL_KINDS)[number];

/** The inbox keeps one text: `kind: why`. */
export interface Refusal {
  kind: RefusalKind;
  /** One sentence for a person. */
  why: string;
}

export const refusalText = ({ kind, why }: Refusal): string => `${kind}: ${why}`;
