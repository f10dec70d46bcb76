/** Somebody who looks at the hub, and what of GitHub machines may be shared with them by. */
export interface Viewer {
  userId: string;
  login: string;
  /** Null for the one user of a hub that asks nobody to sign in. */
  githubId: number | null;
  /** Lower case; teams as org/slug. */
  orgs: readonly string[];
  teams: readonly string[];
  signInId: string | null;
}
