import type { HubMachine } from "../contract/hub.ts";
import type { HubNames } from "./hub-names.ts";
import type { MachineRow } from "./machine-queries.ts";
import type { Viewer } from "./viewer.ts";

const time = (at: Date | null): string | null => at?.toISOString() ?? null;

const totalsOf = ({ connectionId, orchestrationRunning: running, orchestrationDesired: desired }: MachineRow) =>
  connectionId === null || running === null || desired === null ? null : { running, desired };

/** A machine as people are shown it. */
export const presentMachine = (row: MachineRow, userId: string, names: HubNames): HubMachine => ({
  id: row.id,
  client_id: row.clientId,
  user_id: row.userId,
  owner: row.owner,
  is_mine: row.userId === userId,
  is_connected: row.connectionId !== null,
  metadata: {
    hostname: row.hostname,
    project: row.project,
    status: row.status as HubMachine["metadata"]["status"],
    last_activity: time(row.lastActivityAt),
    version: row.version,
    platform: row.platform,
    callback_url: row.callbackUrl,
    orchestration: totalsOf(row),
  },
  capabilities: row.capabilities as string[],
  shares: row.shares,
  url: names.originOf(row.id),
  first_seen: row.firstSeenAt.toISOString(),
  connected_at: time(row.connectedAt),
  last_seen: row.lastSeenAt.toISOString(),
});

/** Whether somebody sees this machine: it is theirs, or shared with an organisation or team of theirs. */
export const isShownTo = (row: MachineRow, { userId, orgs, teams }: Viewer): boolean =>
  row.userId === userId || row.shares.some(({ kind, name }) => (kind === "org" ? orgs : teams).includes(name));
