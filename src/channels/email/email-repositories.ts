/** A place that mails may start sessions in, and what makes a mail be about it. */
export interface EmailRepository {
  /** `owner/repo`, a git URL, or the absolute path of a folder. */
  repository: string;
  /** In the subject as words; with an @, the writer's address or the end of it. */
  words: readonly string[];
}
