-- What several doors share: entries that wait to be handled, threads of both kinds, and who holds what alone.

-- An entry of a door is committed before its sender is told so, and handled afterwards, in the order of its thread.
alter table inbox
  add column position     bigint generated always as identity,
  add column thread_key   text not null default '' check (octet_length(thread_key) <= 500),
  add column payload      jsonb,
  add column content      bytea check (octet_length(content) <= 52428800),
  add column status       text not null default 'done' check (status in ('received', 'handling', 'done', 'refused', 'failed')),
  add column attempts     integer not null default 0,
  add column next_at      timestamptz not null default now(),
  add column claim        uuid,
  add column claim_until  timestamptz,
  add column reason       text,
  add column handled_at   timestamptz,
  add unique (position),
  add check ((claim is not null and claim_until is not null) = (status = 'handling'));
comment on column inbox.payload is 'what is to be handled, as the door wrote it; gone when it is done';
comment on column inbox.content is 'bytes that belong to it, such as a mail as it came; gone when it is done';
comment on column inbox.thread_key is 'entries of one door with the same key are handled one after the other, in the order in which they came';
comment on column inbox.status is 'done also when the request was answered at once, as API requests are';
comment on column inbox.reason is 'why it was refused, or how the last attempt failed';
-- The database itself refuses two at once of one thread.
create unique index inbox_one_per_thread on inbox (door, thread_key) where status = 'handling';
create index inbox_due on inbox (next_at, position) where status in ('received', 'handling');
create index inbox_thread on inbox (door, thread_key, position) where status in ('received', 'handling');
create index inbox_refused on inbox (door, position desc) where status in ('refused', 'failed');

alter table slack_thread_mapping
  drop constraint slack_thread_mapping_pkey,
  add column id    uuid primary key default gen_random_uuid(),
  add column muted boolean not null default false,
  alter column thread_ts drop not null,
  add unique (team, channel, thread_ts);
comment on column slack_thread_mapping.thread_ts is 'null until the thread is opened by the first thing said in it';

create table email_threads (
  id           uuid primary key default gen_random_uuid(),
  session_id   uuid not null references sessions (id) on delete cascade,
  participant  text not null check (octet_length(participant) between 3 and 320),
  subject      text not null check (length(subject) <= 500),
  muted        boolean not null default false,
  created_at   timestamptz not null default now()
);
comment on table email_threads is 'which session is talked about in which mail thread, and with whom';
create index email_threads_session on email_threads (session_id);

create table connected_channels (
  kind   text primary key check (length(kind) between 1 and 50),
  since  timestamptz not null default now()
);
comment on table connected_channels is 'the channels this installation is configured for: for the others no delivery is queued';

create table sole_holders (
  name      text primary key check (length(name) between 1 and 100),
  holder    text not null,
  claim     uuid not null,
  until     timestamptz not null
);
comment on table sole_holders is 'what one process of the cluster does alone, such as reading a mailbox; until is renewed every 5 s';

-- A notice belongs to no run and perhaps to no session; what it says is kept with it.
alter table deliveries
  drop constraint deliveries_run_id_message_id_topic_kind_address_key,
  alter column session_id drop not null,
  add column key  text not null default gen_random_uuid()::text check (octet_length(key) <= 500),
  add column body jsonb,
  add unique (key);
alter table deliveries alter column key drop default;
comment on column deliveries.key is 'what makes it recognisable: the same key a second time is nothing new';
comment on column deliveries.body is 'what a notice says; null where it is read from the ledger when it is sent';
create index deliveries_run on deliveries (run_id) where run_id is not null;
