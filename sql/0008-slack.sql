-- What the Slack door knows: posts it acts on, what channels chose, questions it asked.

create table slack_posts (
  team         text not null,
  channel      text not null,
  ts           text not null,
  thread_ts    text not null,
  user_id      text not null,
  decision     jsonb not null,
  session_id   uuid references sessions (id) on delete cascade,
  message_id   uuid references session_messages (id) on delete cascade,
  waiting_told boolean not null default false,
  created_at   timestamptz not null default now(),
  handled_at   timestamptz,
  cleared_at   timestamptz,
  primary key (team, channel, ts)
);
comment on table slack_posts is 'each post that asked for something, once, however many events tell of it';
comment on column slack_posts.decision is 'what was decided before anything was done: after a kill exactly the same is asked for again';
comment on column slack_posts.waiting_told is 'its author was told that the run has to wait';
comment on column slack_posts.cleared_at is 'when the reaction that acknowledged it was taken away';
create index slack_posts_open on slack_posts (created_at) where handled_at is not null and cleared_at is null;
create index slack_posts_session on slack_posts (session_id) where session_id is not null;
create index slack_posts_message on slack_posts (message_id) where message_id is not null;
create index slack_posts_age on slack_posts (created_at);

create table slack_channels (
  team        text not null,
  channel     text not null,
  repository  text check (length(repository) between 1 and 500),
  mode        text check (mode in ('mention', 'thread', 'all')),
  verbosity   text check (verbosity in ('full', 'minimal', 'result')),
  changed_by  text not null,
  changed_at  timestamptz not null default now(),
  primary key (team, channel)
);
comment on table slack_channels is 'what people chose for a channel by command; null leaves it to the configuration';

create table slack_questions (
  id           uuid primary key default gen_random_uuid(),
  team         text not null,
  channel      text not null,
  ts           text not null,
  options      jsonb not null,
  asked_at     timestamptz not null default now(),
  repository   text,
  answered_by  text,
  answered_at  timestamptz,
  unique (team, channel, ts),
  foreign key (team, channel, ts) references slack_posts on delete cascade,
  check ((repository is null) = (answered_at is null))
);
comment on table slack_questions is 'which repository a post is about, asked by a menu; the first answer counts';
