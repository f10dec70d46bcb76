-- What the sending side of Slack knows: messages that show live progress, and which parts of a delivery are out.

create table slack_progress (
  run_id      uuid not null references runs (id) on delete cascade,
  thread_id   uuid not null references slack_thread_mapping (id) on delete cascade,
  status      text not null default 'opening' check (status in ('opening', 'live', 'finishing', 'finished')),
  mode        text not null default 'edit' check (mode in ('stream', 'edit')),
  ts          text,
  shown       text not null default '' check (length(shown) <= 20000),
  busy_until  timestamptz,
  opened_at   timestamptz,
  primary key (run_id, thread_id)
);
comment on table slack_progress is 'the one message of a run in a thread: it shows progress and becomes the answer';
comment on column slack_progress.ts is 'null while it is not known whether the message is there';
comment on column slack_progress.shown is 'the text that was streamed into it';
comment on column slack_progress.busy_until is 'a call that changes the message is on its way; what finishes it waits for that';
comment on column slack_progress.opened_at is 'when it was about to be posted; null: nobody ever tried';
create index slack_progress_open on slack_progress (run_id) where status <> 'finished';

create table slack_sent (
  delivery_id  uuid not null references deliveries (id) on delete cascade,
  part         integer not null check (part between 0 and 100),
  begun_at     timestamptz not null default now(),
  ts           text,
  file_id      text,
  sent_at      timestamptz,
  primary key (delivery_id, part)
);
comment on table slack_sent is 'which posts of a delivery are out: written before and after each, so that Slack is asked only about those in between';

alter table slack_thread_mapping add column opening_until timestamptz;
comment on column slack_thread_mapping.opening_until is 'somebody posts the first message of the thread; past and without thread_ts: it is not known whether they did';
