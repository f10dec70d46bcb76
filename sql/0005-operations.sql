-- What is spent, and what is cleaned up.

-- The money of a day or a month is read from the index alone: it is asked for before each run.
drop index runs_by_day;
create index runs_by_day on runs (finished_at) include (cost_usd) where finished_at is not null;
create index runs_by_reason on runs (reason) where finished_at is not null;

create index attempts_open on attempts (worker_id) where finished_at is null;
create index command_logs_results on command_logs ("timestamp") where result is not null;

create table retention_runs (
  id           bigint generated always as identity primary key,
  scope        text not null,
  worker_id    text not null,
  started_at   timestamptz not null default now(),
  finished_at  timestamptz,
  freed        jsonb not null default '[]',
  error        text
);
comment on table retention_runs is 'each daily cleaning: what made room, and that it was done';
comment on column retention_runs.scope is '"ledger" is cleaned once for all workers, "files" by each worker for itself';
create index retention_runs_newest on retention_runs (scope, worker_id, started_at desc);
