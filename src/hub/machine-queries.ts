import { type Kysely, sql } from "kysely";
import type { HubMachine } from "../contract/hub.ts";
import type { OrchestrationTotals } from "../contract/orchestrator-frames.ts";
import { notify } from "../db/notify.ts";
import type { DB } from "../db/schema.ts";
import { insertEvents } from "./machine-event-queries.ts";
import type { Viewer } from "./viewer.ts";

/** Told to every hub process: something about the machine of this id has changed. */
export const MACHINE_CHANNEL = "hub_machine";

/** Told to every hub process: nothing but the totals of the machine of this id have changed. */
export const TOTALS_CHANNEL = "hub_totals";

/** Told to every hub process: `<machine id> <command>`, for the one that holds its socket. */
export const COMMAND_CHANNEL = "hub_command";

export type MachineRow = NonNullable<Awaited<ReturnType<typeof findMachine>>>;
type Share = HubMachine["shares"][number];

const machines = (db: Kysely<DB>) =>
  db
    .selectFrom("hub.machines as machine")
    .innerJoin("hub.users as owner", "owner.id", "machine.userId")
    .selectAll("machine")
    .select(["owner.login as owner", "owner.githubId as ownerGithubId"])
    .select(
      sql<Share[]>`coalesce((
        select jsonb_agg(jsonb_build_object('kind', s.kind, 'name', s.name) order by s.kind, s.name)
        from hub.shares s where s.machine_id = machine.id), '[]')`.as("shares"),
    );

const isVisibleTo = ({ userId, orgs, teams }: Viewer) => sql<boolean>`(machine.user_id = ${userId} or exists (
  select 1 from hub.shares s where s.machine_id = machine.id and (
    (s.kind = 'org' and s.name = any(${[...orgs]}::text[]))
    or (s.kind = 'team' and s.name = any(${[...teams]}::text[])))))`;

export const findMachine = (db: Kysely<DB>, id: string) => machines(db).where("machine.id", "=", id).executeTakeFirst();

/** What comes from outside may be anything, also text that PostgreSQL does not take. */
const isMachineId = (text: string): boolean => /^m[0-9a-z]{15}$/u.test(text);

export const findVisibleMachine = async (db: Kysely<DB>, id: string, eyes: Viewer) =>
  isMachineId(id) ? machines(db).where("machine.id", "=", id).where(isVisibleTo(eyes)).executeTakeFirst() : undefined;

export const findMachines = (db: Kysely<DB>, ids: readonly string[]) =>
  ids.length === 0
    ? Promise.resolve([])
    : machines(db)
        .where("machine.id", "in", [...ids])
        .execute();

/** Those who are there first, then the ones seen last. */
export const listVisibleMachines = (db: Kysely<DB>, eyes: Viewer, limit: number) =>
  machines(db)
    .where(isVisibleTo(eyes))
    .orderBy(sql`machine.connection_id is null`)
    .orderBy("machine.hostname")
    .orderBy("machine.lastSeenAt", "desc")
    .orderBy("machine.id")
    .limit(limit)
    .execute();

export const listMachines = (db: Kysely<DB>) =>
  machines(db)
    .orderBy(sql`machine.connection_id is null`)
    .orderBy("machine.hostname")
    .execute();

/** Hears of every change in the transaction that makes it, for those who subscribed to such events. */
export type TellMachine = (
  tx: Kysely<DB>,
  type: "machine.connected" | "machine.status" | "machine.disconnected",
  machines: readonly { readonly [field: string]: unknown }[],
) => Promise<void>;

interface Change {
  kind: "connected" | "status" | "disconnected";
  text: string;
}

/** Whatever happens to a machine: into its timeline, to the browsers that see it, to who subscribed. */
export const recordChange = (tx: Kysely<DB>, { id, ...change }: Change & { id: string }, tell: TellMachine) =>
  recordChanges(tx, [id], change, tell);

/** The same for many: a hub that starts again waits for this before it takes them back. */
async function recordChanges(
  tx: Kysely<DB>,
  ids: readonly string[],
  { kind, text }: Change,
  tell: TellMachine,
): Promise<void> {
  if (ids.length === 0) return;
  await insertEvents(
    tx,
    ids.map((machineId) => ({ machineId, kind, text })),
  );
  await sql`select pg_notify(${MACHINE_CHANNEL}, id) from unnest(${[...ids]}::text[]) as told(id)`.execute(tx);
  const told = (await findMachines(tx, ids)).map(({ id, hostname, project, status, owner, version, platform }) => ({
    id,
    hostname,
    project,
    status,
    owner,
    version,
    platform,
  }));
  await tell(tx, `machine.${kind}`, told);
}

interface Said {
  status: "idle" | "active" | "busy";
  /** Absent: as it said before. */
  orchestration?: OrchestrationTotals | null | undefined;
  tell: TellMachine;
}

/** Takes over what the machine says only from the socket that speaks for it; false when another one does. */
export async function setStatus(
  db: Kysely<DB>,
  { id, connectionId }: { id: string; connectionId: string },
  { status, orchestration, tell }: Said,
): Promise<boolean> {
  const { running = null, desired = null } = orchestration ?? {};
  return db.transaction().execute(async (tx) => {
    const { rows } = await sql<{ before: string; isRecounted: boolean }>`
      update hub.machines m set status = ${status}, last_activity_at = now(), last_seen_at = now(),
        orchestration_running = coalesce(${running}::integer, m.orchestration_running),
        orchestration_desired = coalesce(${desired}::integer, m.orchestration_desired)
      from (select * from hub.machines where id = ${id} for update) as old
      where m.id = old.id and m.connection_id = ${connectionId} returning old.status as before,
        (m.orchestration_running, m.orchestration_desired)
          is distinct from (old.orchestration_running, old.orchestration_desired) as is_recounted`.execute(tx);
    const [said] = rows;
    if (!said) return false;
    const { before, isRecounted } = said;
    if (before !== status) await recordChange(tx, { id, kind: "status", text: `${before} → ${status}` }, tell);
    else if (isRecounted) await notify(tx, TOTALS_CHANNEL, id);
    return true;
  });
}

/** Over the machines of a user that are connected. */
export async function sumTotals(db: Kysely<DB>, userId: string): Promise<{ running: number; desired: number }> {
  const { rows } = await sql<{ running: number; desired: number }>`
    select coalesce(sum(orchestration_running), 0) as running, coalesce(sum(orchestration_desired), 0) as desired
    from hub.machines where user_id = ${userId} and connection_id is not null`.execute(db);
  return rows[0] ?? { running: 0, desired: 0 };
}

/** When machines were last heard of, those of many sockets at once. */
export async function touchMachines(db: Kysely<DB>, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable("hub.machines")
    .set({ lastSeenAt: sql<Date>`now()` })
    .where("id", "in", [...ids])
    .execute();
}

/** The socket is gone; does nothing when a later one speaks for the machine already. */
export async function markDisconnected(
  db: Kysely<DB>,
  { id, connectionId }: { id: string; connectionId: string },
  { text, tell }: { text: string; tell: TellMachine },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const gone = await tx
      .updateTable("hub.machines")
      .set({ status: "disconnected", processId: null, connectionId: null, lastSeenAt: sql<Date>`now()` })
      .where("id", "=", id)
      .where("connectionId", "=", connectionId)
      .returning("id")
      .executeTakeFirst();
    if (!gone) return;
    await recordChange(tx, { id, kind: "disconnected", text }, tell);
  });
}

/** Machines of one statement. */
const AT_ONCE = 1_000;

/** Machines whose hub process is gone, or all of one process that starts anew; they come back by themselves. */
export async function releaseMachines(db: Kysely<DB>, processId: string | undefined, tell: TellMachine): Promise<void> {
  return db.transaction().execute(async (tx) => {
    const gone = await tx
      .updateTable("hub.machines")
      .set({ status: "disconnected", processId: null, connectionId: null })
      .where("processId", "is not", null)
      .where((eb) =>
        processId === undefined
          ? eb("processId", "not in", eb.selectFrom("hub.processes").select("id"))
          : eb("processId", "=", processId),
      )
      .returning("id")
      .execute();
    const text = "the hub process it was connected to ended";
    for (let at = 0; at < gone.length; at += AT_ONCE) {
      const ids = gone.slice(at, at + AT_ONCE).map(({ id }) => id);
      await recordChanges(tx, ids, { kind: "disconnected", text }, tell);
    }
  });
}

export async function deleteMachine(db: Kysely<DB>, id: string, userId: string): Promise<boolean> {
  const { numDeletedRows } = await db
    .deleteFrom("hub.machines")
    .where("id", "=", id)
    .where("userId", "=", userId)
    .where("connectionId", "is", null)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Whom the owner lets use it, from now on. */
export async function replaceShares(db: Kysely<DB>, machineId: string, shares: readonly Share[]): Promise<void> {
  await db.transaction().execute(async (tx) => {
    await tx.deleteFrom("hub.shares").where("machineId", "=", machineId).execute();
    if (shares.length > 0)
      await tx
        .insertInto("hub.shares")
        .values(shares.map((share) => ({ machineId, ...share })))
        .onConflict((oc) => oc.doNothing())
        .execute();
    await notify(tx, MACHINE_CHANNEL, machineId);
  });
}

/** Machines that are there, by status, over all hub processes. */
export async function countMachines(db: Kysely<DB>): Promise<Record<string, number>> {
  const rows = await db
    .selectFrom("hub.machines")
    .select(["status", (eb) => eb.fn.countAll<number>().as("count")])
    .groupBy("status")
    .execute();
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

/** Has the process that holds the machine's socket say this to it. */
export const sendCommand = (db: Kysely<DB>, machineId: string, command: string): Promise<void> =>
  notify(db, COMMAND_CHANNEL, `${machineId} ${command}`);

/** Everybody who is in at the machine's origin has to come in anew. */
export async function endEntries(db: Kysely<DB>, machineId: string): Promise<void> {
  await db.deleteFrom("hub.entries").where("machineId", "=", machineId).execute();
}
