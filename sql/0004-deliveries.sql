-- What goes out, exactly once where that can be known: written with the message, sent from here.

alter table session_messages add column callback_url text check (octet_length(callback_url) <= 2048);
comment on column session_messages.callback_url is 'called once when the run that takes this message in ends';

create table deliveries (
  id           uuid primary key default gen_random_uuid(),
  position     bigint generated always as identity,
  session_id   uuid not null references sessions (id) on delete cascade,
  run_id       uuid references runs (id) on delete cascade,
  message_id   uuid references session_messages (id) on delete cascade,
  kind         text not null check (length(kind) between 1 and 50),
  topic        text not null check (length(topic) between 1 and 100),
  address      text not null check (octet_length(address) between 1 and 2048),
  thread_key   text not null check (octet_length(thread_key) between 1 and 500),
  status       text not null default 'pending' check (status in ('pending', 'sending', 'delivered', 'failed')),
  attempts     integer not null default 0,
  in_doubt     boolean not null default false,
  next_at      timestamptz not null default now(),
  deadline     timestamptz not null,
  claim        uuid,
  claim_until  timestamptz,
  details      jsonb not null default '{}',
  last_error   text,
  last_status  integer,
  response     text,
  created_at   timestamptz not null default now(),
  delivered_at timestamptz,
  given_up_at  timestamptz,
  unique nulls not distinct (run_id, message_id, topic, kind, address),
  check ((claim is not null and claim_until is not null) = (status = 'sending')),
  check ((delivered_at is not null) = (status = 'delivered')),
  check ((given_up_at is not null) = (status = 'failed'))
);
comment on table deliveries is 'one outbound message or event on its way to one place: a transactional outbox';
comment on column deliveries.kind is 'the channel that carries it';
comment on column deliveries.topic is 'what it tells, such as run.finished; its content is read from the ledger when it is sent';
comment on column deliveries.thread_key is 'order is kept among those with the same: a later one waits until the earlier is delivered or failed';
comment on column deliveries.in_doubt is 'an attempt was begun whose outcome nobody knows: the far end is asked, where it can be, before the next';
comment on column deliveries.claim is 'the fence of the attempt that is on: whoever holds another may write nothing';
comment on column deliveries.deadline is 'given up when an attempt fails after it';
-- The database itself refuses two at once: to one address, in one thread (and so of one delivery).
create unique index deliveries_one_per_address on deliveries (kind, address) where status = 'sending';
create unique index deliveries_one_per_thread on deliveries (thread_key) where status = 'sending';
create index deliveries_due on deliveries (next_at, position) where status in ('pending', 'sending');
create index deliveries_thread on deliveries (thread_key, position) where status in ('pending', 'sending');
create index deliveries_of_session on deliveries (session_id, position desc);
create index deliveries_failed on deliveries (position desc) where status = 'failed';
create index deliveries_message on deliveries (message_id) where message_id is not null;
