-- The ledger: what was asked, what ran, what was done, what was answered. PostgreSQL 15 or newer.
-- sessions, session_messages, command_logs and slack_thread_mapping carry the names and columns of the first schema
-- of this project, so that its databases can be taken over (claude-orchestrator import-seed).

-- The words of a text for full-text search: paths and identifiers fall apart into their parts.
create function search_words(text) returns tsvector language sql immutable strict parallel safe
  return to_tsvector('simple'::regconfig, translate($1, '/._-\"{}:,=', '           '));

create table workers (
  id          text primary key check (id ~ '^[a-z0-9-]{1,64}$'),
  hostname    text not null,
  pid         integer not null,
  version     text not null,
  slots       integer not null check (slots > 0),
  started_at  timestamptz not null default now(),
  seen_at     timestamptz not null default now()
);
comment on table workers is 'processes that carry out runs; seen_at is renewed every 5 s';

create table sessions (
  id                 uuid primary key default gen_random_uuid(),
  title              text not null check (length(title) between 1 and 500),
  status             text not null default 'created'
                     check (status in ('created', 'queued', 'running', 'waiting', 'completed', 'failed', 'cancelled', 'archived')),
  waiting_for        jsonb,
  project_type       text not null check (project_type in ('github', 'local', 'worktree')),
  github_repo        text,
  project_path       text,
  branch             text,
  claude_session_id  text unique,
  observed           boolean not null default false,
  source             text not null default 'api',
  tags               text[] not null default '{}',
  slack_channel      text,
  metadata           jsonb not null default '{}',
  options            jsonb not null default '{}',
  worker_id          text not null references workers (id),
  activity           text,
  cost_usd           numeric(14, 6) not null default 0,
  cumulative_cost_usd numeric(14, 6) not null default 0,
  run_count          integer not null default 0,
  last_reason        text,
  last_seq           bigint not null default 0,
  wake_at            timestamptz,
  created_at         timestamptz(3) not null default now(),
  updated_at         timestamptz not null default now(),
  archived_at        timestamptz
) with (fillfactor = 70);
comment on table sessions is 'a conversation with Claude; owns a workspace, a status and a claude_session_id';
comment on column sessions.last_seq is 'the newest seq in session_events; taken by update … returning in the statement that writes the rows';
comment on column sessions.worker_id is 'who holds the workspace; its queue gets the nudges';
comment on column sessions.created_at is 'milliseconds, so that a cursor made of it loses nothing in JavaScript';
comment on column sessions.cumulative_cost_usd is 'the last total_cost_usd the CLI reported, which newer versions count over the whole conversation';
create index sessions_newest on sessions (created_at desc, id desc);
create index sessions_tags on sessions using gin (tags);
create index sessions_title_words on sessions using gin (search_words(title));
create index sessions_wake on sessions (wake_at) where wake_at is not null;

create table session_messages (
  id          uuid primary key default gen_random_uuid(),
  session_id  uuid not null references sessions (id) on delete cascade,
  run_id      uuid,
  position    bigint generated always as identity,
  direction   text not null check (direction in ('inbound', 'outbound')),
  content     text not null,
  source      text not null,
  author      text,
  metadata    jsonb not null default '{}',
  steer       text check (steer in ('pending', 'sent')),
  "timestamp" timestamptz not null default now()
);
comment on column session_messages.steer is 'meant for the run that is on (run_id): pending until written to it; a pending one whose run ended becomes a run of its own';
comment on table session_messages is 'what was said in a session; position is the order of saying';
create index session_messages_newest on session_messages (session_id, position desc);
create index session_messages_words on session_messages using gin (search_words(left(content, 20000)));

create table runs (
  id                uuid primary key default gen_random_uuid(),
  session_id        uuid not null references sessions (id) on delete cascade,
  message_id        uuid not null references session_messages (id) on delete cascade,
  number            integer not null,
  status            text not null default 'queued'
                    check (status in ('queued', 'running', 'waiting', 'succeeded', 'failed', 'cancelled')),
  reason            text,
  error             text,
  waiting_for       jsonb,
  attempt           integer not null default 0,
  token_hash        bytea,
  stop_requested_at timestamptz,
  stop_requested_by text,
  model             text,
  claude_version    text,
  untested_version  boolean not null default false,
  cost_usd          numeric(14, 6),
  usage             jsonb,
  turns             integer,
  duration_ms       integer,
  api_duration_ms   integer,
  first_token_ms    integer,
  denials           jsonb not null default '[]',
  stderr_tail       text,
  queued_at         timestamptz not null default now(),
  started_at        timestamptz,
  finished_at       timestamptz,
  unique (session_id, number),
  check ((finished_at is not null) = (status in ('succeeded', 'failed', 'cancelled'))),
  check ((reason is not null) = (finished_at is not null))
);
comment on table runs is 'one prompt carried out by Claude; the prompt is the message';
create index runs_due on runs (session_id, number) where finished_at is null;
create index runs_token on runs (token_hash) where token_hash is not null;
create index runs_by_day on runs (finished_at) where finished_at is not null;
create index runs_message on runs (message_id);
alter table session_messages add foreign key (run_id) references runs (id) on delete set null;
-- Without it each run that goes with its session would read the whole table for messages to unbind.
create index session_messages_run on session_messages (run_id) where run_id is not null;

create table attempts (
  run_id         uuid not null references runs (id) on delete cascade,
  attempt        integer not null,
  worker_id      text not null,
  run_dir        text not null,
  pid            integer,
  pid_start      text,
  boot_id        text,
  stream_offset  bigint not null default 0,
  prompt_taken   boolean not null default false,
  reason         text,
  exit_code      integer,
  started_at     timestamptz not null default now(),
  finished_at    timestamptz,
  primary key (run_id, attempt)
);
comment on table attempts is 'one life of the claude process of a run; a run has more than one when it was recovered';
comment on column attempts.stream_offset is 'how much of the stream file is in the ledger; moves in the transaction that wrote its effects';
comment on column attempts.pid_start is 'field 22 of /proc/<pid>/stat: with pid and boot_id the identity of the process';

create table session_leases (
  session_id  uuid primary key references sessions (id) on delete cascade,
  worker_id   text not null,
  process_id  uuid not null,
  epoch       bigint not null,
  expires_at  timestamptz not null
);
comment on table session_leases is 'the actor that may act for a session; epoch is the fence: a write under an older one is refused';

create table command_logs (
  id           bigint generated always as identity primary key,
  session_id   uuid not null references sessions (id) on delete cascade,
  run_id       uuid,
  tool_use_id  text,
  agent_id     text,
  tool         text not null,
  input        jsonb,
  result       text,
  status       text not null default 'running' check (status in ('running', 'succeeded', 'failed', 'denied')),
  duration_ms  integer,
  "timestamp"  timestamptz not null default clock_timestamp(),
  unique (session_id, tool_use_id)
);
comment on table command_logs is 'one tool call; told by the stream, by a hook, or by both (same tool_use_id: one row)';
create index command_logs_newest on command_logs (session_id, id desc);
create index command_logs_words on command_logs using gin (search_words(left(input::text, 1000)));

create table session_events (
  session_id  uuid not null references sessions (id) on delete cascade,
  seq         bigint not null,
  type        text not null,
  key         text,
  run_id      uuid,
  data        jsonb not null default '{}',
  tx          xid8 not null default pg_current_xact_id(),
  created_at  timestamptz not null default clock_timestamp(),
  primary key (session_id, seq)
);
comment on table session_events is 'append-only feed of a session; a row with a key is replaced under a new seq';
comment on column session_events.tx is 'the writing transaction: what is below pg_snapshot_xmin is complete, which makes it the cursor of the feed over all sessions';
create unique index session_events_key on session_events (session_id, key) where key is not null;
create index session_events_tx on session_events (tx, session_id, seq);

create table workspaces (
  session_id   uuid primary key references sessions (id) on delete cascade,
  kind         text not null check (kind in ('github', 'local', 'worktree')),
  path         text not null,
  repository   text,
  branch       text,
  base_commit  text,
  state        text not null default 'pending' check (state in ('pending', 'ready', 'failed', 'archived')),
  error        text,
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now()
);
comment on table workspaces is 'the directory Claude works in; path is known before it is made';
create index workspaces_path on workspaces (path);

create table workspace_snapshots (
  id           uuid primary key default gen_random_uuid(),
  session_id   uuid not null references sessions (id) on delete cascade,
  run_id       uuid references runs (id) on delete set null,
  head         text not null,
  work_tree    text not null,
  bundle       bytea,
  created_at   timestamptz not null default now()
);
comment on table workspace_snapshots is 'HEAD and a commit of the dirty tree after a run; bundle holds both when it is 20 MB or less';
create index workspace_snapshots_newest on workspace_snapshots (session_id, created_at desc);
create index workspace_snapshots_run on workspace_snapshots (run_id) where run_id is not null;

create table slack_thread_mapping (
  team        text not null default '',
  channel     text not null,
  thread_ts   text not null,
  session_id  uuid not null references sessions (id) on delete cascade,
  created_at  timestamptz not null default now(),
  primary key (team, channel, thread_ts)
);
comment on table slack_thread_mapping is 'which session is talked about in which Slack thread';
create index slack_thread_mapping_session on slack_thread_mapping (session_id);
