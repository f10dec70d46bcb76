-- How many runs each workspace has and should have; who changed it, when.

alter table sessions add column orchestration_id text;
comment on column sessions.orchestration_id is 'which workspace of orchestration its runs count for; set once, when the session is made';

create function orchestration_id_of(metadata jsonb, project_path text, github_repo text) returns text
  language sql immutable parallel safe
  return left(coalesce(nullif(metadata ->> 'workspaceId', ''), nullif(project_path, ''), nullif(github_repo, '')), 1000);

update sessions set orchestration_id = orchestration_id_of(metadata, project_path, github_repo);
create index sessions_orchestration on sessions (orchestration_id);

-- By a trigger, because sessions are made in several places: by requests, by hooks, by an import.
create function set_orchestration_id() returns trigger language plpgsql as $$
begin
  new.orchestration_id := coalesce(new.orchestration_id, orchestration_id_of(new.metadata, new.project_path, new.github_repo));
  return new;
end $$;
create trigger sessions_orchestration_id before insert on sessions for each row execute function set_orchestration_id();

-- Equal notices of one transaction are sent once; who hears it counts for himself.
create function tell_running() returns trigger language plpgsql as $$
begin
  perform pg_notify('orchestration_runs', '');
  return null;
end $$;
create trigger runs_running after update of status on runs for each row
  when (old.status is distinct from new.status and 'running' in (old.status, new.status))
  execute function tell_running();

create table orchestration_totals (
  id       boolean primary key default true check (id),
  seq      bigint not null default 0,
  running  bigint not null default 0,
  desired  bigint not null default 0
);
comment on table orchestration_totals is 'one row: sums over orchestration; its lock puts all changes in one order, which is that of seq';
insert into orchestration_totals default values;

create table orchestration (
  workspace_id    text primary key check (length(workspace_id) between 1 and 1000),
  desired         integer check (desired >= 0),
  paused          boolean not null default false,
  paused_by       text,
  paused_at       timestamptz,
  runs            integer not null default 0,
  reported        integer not null default 0 check (reported >= 0),
  reported_until  timestamptz,
  running         integer not null generated always as (runs + reported) stored,
  watched_until   timestamptz,
  template        text,
  version         bigint not null default 1,
  seq             bigint not null,
  touched_at      timestamptz not null default now(),
  created_at      timestamptz not null default now()
);
comment on table orchestration is 'running and desired counts per orchestration id; written only with a row of orchestration_history beside it';
comment on column orchestration.desired is 'null: no limit, shown as 0';
comment on column orchestration.runs is 'runs that are on under a live lease, as last counted';
comment on column orchestration.reported is 'what an editor says it runs itself, until reported_until';
comment on column orchestration.watched_until is 'a minute after the last socket of this workspace; null when it has had none since desired was last let go';
comment on column orchestration.template is 'name of the standing template: sessions are started from it to reach desired';

create table orchestration_history (
  seq             bigint primary key,
  at              timestamptz not null default now(),
  workspace_id    text not null,
  kind            text not null check (kind in ('created', 'desired', 'released', 'runs', 'reported', 'paused', 'resumed', 'template', 'expired')),
  actor           text,
  version         bigint not null,
  running         integer not null,
  desired         integer,
  paused          boolean not null,
  global_running  bigint not null,
  global_desired  bigint not null
);
comment on table orchestration_history is 'every change of orchestration with the values after it, in the order in which editors hear of them; kept for 90 days';
create index orchestration_history_workspace on orchestration_history (workspace_id, seq desc);
create index orchestration_history_at on orchestration_history (at);

create table orchestration_project_events (
  seq             bigint primary key,
  at              timestamptz not null default now(),
  project_number  bigint not null,
  event           jsonb not null
);
comment on table orchestration_project_events is 'events of projects on their way to the sockets of all processes; kept for an hour';

create table orchestration_worktrees (
  project_number  bigint primary key,
  worktree        jsonb not null,
  updated_by      text,
  updated_at      timestamptz not null default now()
);
comment on table orchestration_worktrees is 'what an editor last said of the worktree of a project';
