-- What is started again and again: by a preset with a name, at times of its own.

create table templates (
  id          uuid primary key default gen_random_uuid(),
  name        text not null check (length(name) between 1 and 100),
  description text,
  variables   jsonb not null default '{}',
  session     jsonb not null,
  schedule    jsonb,
  created_at  timestamptz not null default now(),
  updated_at  timestamptz not null default now()
);
comment on table templates is 'a named preset of a session, with {{variables}} in its prompt and title';
comment on column templates.variables is 'by name: whether each is required, and its default';
comment on column templates.schedule is 'what a schedule that starts it takes when it does not say otherwise';
create unique index templates_by_name on templates (lower(name));

create table schedules (
  id             uuid primary key default gen_random_uuid(),
  name           text not null check (length(name) between 1 and 200),
  cron           text not null check (length(cron) between 1 and 200),
  time_zone      text not null check (length(time_zone) between 1 and 100),
  start          jsonb,
  template_id    uuid references templates (id) on delete restrict,
  session_id     uuid references sessions (id) on delete set null,
  prompt         text,
  overlap        text not null default 'skip' check (overlap in ('skip', 'queue')),
  missed         text not null default 'run-once' check (missed in ('run-once', 'record')),
  next_due_at    timestamptz,
  failures       integer not null default 0,
  paused_at      timestamptz,
  paused_reason  text,
  created_at     timestamptz not null default now(),
  updated_at     timestamptz not null default now(),
  check (num_nonnulls(start, prompt) = 1),
  check (template_id is null or start is not null),
  check (session_id is null or prompt is not null),
  check ((paused_at is null) = (paused_reason is null)),
  check (paused_at is null or next_due_at is null)
);
comment on table schedules is 'a cron line, and what it starts or continues';
comment on column schedules.start is 'the body of the session to start; its template stands in template_id';
comment on column schedules.prompt is 'what is said to the session session_id; null there when that session is gone';
comment on column schedules.next_due_at is 'the first time nobody has decided about yet; whoever moves it on has fired';
comment on column schedules.failures is 'in a row: what could not be started, and runs that failed';
create index schedules_due on schedules (next_due_at) where next_due_at is not null;
create index schedules_newest on schedules (created_at desc, id desc);
create index schedules_of_template on schedules (template_id) where template_id is not null;
create index schedules_of_session on schedules (session_id) where session_id is not null;

create table schedule_fires (
  id           uuid primary key default gen_random_uuid(),
  schedule_id  uuid not null references schedules (id) on delete cascade,
  due_at       timestamptz not null,
  cause        text not null check (cause in ('time', 'missed', 'hand')),
  status       text not null check (status in ('fired', 'queued', 'skipped', 'missed', 'failed')),
  reason       text,
  request_key  text,
  session_id   uuid references sessions (id) on delete set null,
  run_id       uuid references runs (id) on delete set null,
  fired_at     timestamptz,
  settled_at   timestamptz,
  unique (schedule_id, due_at),
  check ((status = 'fired') = (fired_at is not null)),
  check (settled_at is null or status = 'fired')
);
comment on table schedule_fires is 'what became of each time a schedule was due; written in the transaction that starts what it starts, so it happens once';
comment on column schedule_fires.cause is 'time: it was due; missed: it makes up for times when no server was there; hand: somebody asked for it';
comment on column schedule_fires.request_key is 'the Idempotency-Key of who asked for it';
comment on column schedule_fires.settled_at is 'its run has ended and was counted';
create unique index schedule_fires_by_key on schedule_fires (schedule_id, request_key) where request_key is not null;
create index schedule_fires_open on schedule_fires (schedule_id) where status = 'fired' and settled_at is null;
create index schedule_fires_queued on schedule_fires (schedule_id, due_at) where status = 'queued';
create index schedule_fires_of_run on schedule_fires (run_id) where run_id is not null;
create index schedule_fires_of_session on schedule_fires (session_id) where session_id is not null;
