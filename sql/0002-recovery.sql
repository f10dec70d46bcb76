-- Runs that go on after a crash, wait out limits, and move between workers.

create table account_limits (
  account     text primary key,
  kind        text not null,
  until       timestamptz not null,
  seen_at     timestamptz not null default now()
);
comment on table account_limits is 'a usage limit that Claude reported for an account: its runs wait until then';

create table conversation_copies (
  session_id         uuid primary key references sessions (id) on delete cascade,
  claude_session_id  text not null,
  transcript         bytea not null,
  bytes              bigint not null,
  copied_at          timestamptz not null default now()
);
comment on table conversation_copies is 'Claude''s own record of a conversation (gzip), copied after each run: it goes on from here where the original is gone';
alter table conversation_copies alter column transcript set storage external;

-- The lease lets only one run of a session be on; the ledger itself would refuse a second one.
create unique index runs_one_running on runs (session_id) where status = 'running';
