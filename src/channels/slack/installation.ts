/** One workspace that has our app: what is needed to speak there as its bot. */
export interface Installation {
  teamId: string;
  teamName: string;
  botUserId: string;
  botToken: string;
}

/** The workspaces that have our app. Ask again for each call or keep it for seconds only: an app can be uninstalled. */
export interface Installations {
  /** undefined: this workspace never had the app, or removed it. */
  find(teamId: string): Promise<Installation | undefined>;
  /** Every workspace there is, that of SLACK_BOT_TOKEN first. */
  list(): Promise<Installation[]>;
  /**
   * Forgets the token, for Slack said `app_uninstalled` or `tokens_revoked`. `toldAt` is when that happened (the
   * event's `event_time`): told of it late, we keep the token of a later installation.
   */
  remove(teamId: string, toldAt?: Date): Promise<void>;
}
