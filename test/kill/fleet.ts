import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { sql } from "kysely";
import type { Session } from "../../src/contract/session.ts";
import { jobAnswer, type LineJob } from "../support/line-jobs.ts";
import { workspacePath } from "../support/orchestration.ts";
import { script } from "../support/server-process.ts";
import { newFolder, REPOSITORY, type Cluster, type Role } from "./cluster.ts";
import type { Worksite } from "./round.ts";

/** Workspaces of orchestration: one that a template fills, one with a queue, and one nobody ever sets anything for. */
export const STANDING = "acme/standing";
export const BACKLOG = "/srv/backlog of work";
export const FREE = "acme/free";

const FILE = "lines";

/** A run that began, with what was true in the transaction that let it. */
export interface Admission {
  runId: string;
  workspaceId: string;
  /** Runs that the ledger says are on, this one among them. */
  running: number;
  desired: number | null;
  paused: boolean;
}

/** From here on the database itself writes down each run that begins, at the commit that lets it. */
export async function watchAdmissions({ db }: Cluster): Promise<void> {
  await sql`create table admissions_seen (
    id bigint generated always as identity, run_id uuid, workspace_id text, running int, desired int, paused bool)`.execute(
    db,
  );
  await sql`create function see_admission() returns trigger language plpgsql as $$ begin
    insert into admissions_seen (run_id, workspace_id, running, desired, paused)
      select new.id, mine.orchestration_id,
        (select count(*) from runs r join sessions s on s.id = r.session_id
          where r.status = 'running' and s.orchestration_id = mine.orchestration_id),
        o.desired, coalesce(o.paused, false) or everything.paused
      from orchestration_totals everything, sessions mine
      left join orchestration o on o.workspace_id = mine.orchestration_id
      where mine.id = new.session_id;
    return null;
  end $$`.execute(db);
  await sql`create constraint trigger see_admission after update of status on runs deferrable initially deferred
    for each row when (new.status = 'running' and old.status is distinct from 'running')
    execute function see_admission()`.execute(db);
}

export const admissions = ({ ask }: Cluster): Promise<Admission[]> =>
  ask(async (db) => (await sql<Admission>`select * from admissions_seen order by id`.execute(db)).rows);

/** What no admission may be. */
export const isBeyond = ({ running, desired, paused }: Admission): boolean =>
  paused || (desired !== null && running > desired);

/** Runs that are on under a live lease, by workspace. */
export const liveRuns = ({ ask }: Cluster): Promise<Record<string, number>> =>
  ask(async (db) => {
    const { rows } = await sql<{ id: string; runs: number }>`
      select s.orchestration_id as id, count(*) as runs from runs r join sessions s on s.id = r.session_id
      join session_leases l on l.session_id = s.id and l.expires_at > now()
      where r.status = 'running' group by 1`.execute(db);
    return Object.fromEntries(rows.map(({ id, runs }) => [id, runs]));
  });

/** While this file is there, runs of the fleet do not end. */
const holdFile = ({ folder }: Cluster): string => join(folder, "hold");
export const hold = (cluster: Cluster): Promise<void> => writeFile(holdFile(cluster), "");
export const letGo = (cluster: Cluster): Promise<void> => rm(holdFile(cluster));

/** A run of about a second that writes one line. */
const promptOf = (cluster: Cluster, job: LineJob): string =>
  script(
    { bash: `sleep 0.3; echo ${job.from} >> ${FILE}; while [ -e ${holdFile(cluster)} ]; do sleep 0.1; done` },
    { text: jobAnswer(job) },
  );

const jobOf = (label: string, line: number): LineJob => ({ label, from: line, to: line, callMs: 0, file: FILE });

export const set = (cluster: Cluster, id: string, what: "desired" | "paused" | "template", value: unknown) =>
  cluster.put(`${workspacePath(id)}/${what}`, { [what]: value });

/** Holds back what would begin, in every workspace. */
export const pauseAll = (cluster: Cluster, paused: boolean) => cluster.put("/api/orchestration/paused", { paused });

/** The sessions it starts work in clones, with whichever process has the most room. */
export async function attachStandingTemplate(cluster: Cluster): Promise<void> {
  const initialPrompt = promptOf(cluster, jobOf(STANDING, 1));
  const session = { projectType: "github", githubRepo: REPOSITORY, initialPrompt };
  await cluster.call("/api/templates", { name: "fleet", session });
  await set(cluster, STANDING, "template", "fleet");
}

/** A session of a workspace with some messages, each with its own line to write. */
export async function openBacklog(
  cluster: Cluster,
  workspaceId: string,
  { name, role, messages }: { name: string; role: Role; messages: number },
): Promise<Worksite> {
  const projectPath = await newFolder(cluster, name);
  const { sessionId } = await cluster.call<Session>("/api/sessions", {
    projectType: "local",
    projectPath,
    metadata: { workspaceId },
  });
  const workerId = await cluster.workerId(role);
  await cluster.ask((db) => db.updateTable("sessions").set({ workerId }).where("id", "=", sessionId).execute());
  const jobs = Array.from({ length: messages }, (_, index) => jobOf(`${name}-${index + 1}`, index + 1));
  for (const job of jobs)
    await cluster.call(`/api/sessions/${sessionId}/messages`, { content: promptOf(cluster, job) });
  return { sessionId, file: join(projectPath, FILE), jobs };
}

/** The sessions that the standing template has started. */
export const findStandingSites = ({ ask }: Cluster): Promise<Worksite[]> =>
  ask(async (db) => {
    const rows = await db
      .selectFrom("sessions")
      .innerJoin("workspaces", "workspaces.sessionId", "sessions.id")
      .select(["sessions.id", "workspaces.path"])
      .where("sessions.orchestrationId", "=", STANDING)
      .execute();
    return rows.map(({ id, path }) => ({ sessionId: id, file: join(path, FILE), jobs: [jobOf(STANDING, 1)] }));
  });
