/** A person or program in From, To or Cc. */
export interface MailAddress {
  /** In lower case; empty when there was none. */
  address: string;
  name: string;
}

export interface MailFile {
  name: string;
  mediaType: string;
  content: Buffer;
  /** Shown inside the text: pasted pictures, logos of signatures. */
  inline: boolean;
}

/** A mail as its writer's program meant it: texts decoded, files apart. Who it really comes from is judged elsewhere. */
export interface Mail {
  from: MailAddress[];
  subject: string;
  /** All of its text, quotes included; made from the HTML when there is nothing else. */
  text: string;
  files: MailFile[];
}

/** Numbers of hostile mails; no person's program comes near them. */
export const MAIL_LIMITS = {
  /** Of the raw mail. */
  bytes: 40 * 1024 ** 2,
  parts: 200,
  /** Multiparts within multiparts. */
  boundaries: 40,
  /** Of the text that is looked at and kept; a prompt has no more. */
  textCharacters: 1_000_000,
  htmlCharacters: 2_000_000,
  /** Files that are handed on at all, those with a bad verdict included. */
  files: 30,
} as const;
