-- What came in through any door, once: the same request, event or mail a second time finds its answer here.

create table inbox (
  door         text not null check (length(door) between 1 and 200),
  external_id  text not null check (length(external_id) between 1 and 500),
  body_hash    bytea not null,
  answer       jsonb not null default 'null',
  received_at  timestamptz not null default now(),
  primary key (door, external_id)
);
comment on table inbox is 'exactly once in: written in the transaction that does what was asked; kept for 7 days';
comment on column inbox.external_id is 'what the sender calls it: an Idempotency-Key, an event id, a Message-ID';
create index inbox_received on inbox (received_at);
