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
  /** Every workspace there is, with a single configured token the one of that token. */
  list(): Promise<Installation[]>;
  /** Forgets the token: Slack said `app_uninstalled` or `tokens_revoked`, or answered that it is no longer valid. */
  remove(teamId: string): Promise<void>;
}
