-- URLs that hear of events: of sessions, runs and deliveries, and of machines once there is a hub.

create table subscriptions (
  id                uuid primary key default gen_random_uuid(),
  name              text check (length(name) between 1 and 200),
  url               text not null check (octet_length(url) between 1 and 2048),
  types             text[] not null check (cardinality(types) between 1 and 50),
  projects          text[] not null default '{}' check (cardinality(projects) <= 100),
  statuses          text[] not null default '{}' check (cardinality(statuses) <= 50),
  secret_version    integer not null default 1,
  failing_since     timestamptz,
  failures          integer not null default 0,
  last_delivered_at timestamptz,
  last_error        text,
  disabled_at       timestamptz,
  disabled_reason   text,
  created_at        timestamptz not null default now(),
  updated_at        timestamptz not null default now(),
  check ((disabled_at is null) = (disabled_reason is null))
);
comment on table subscriptions is 'a URL that hears events; each is a delivery of kind subscription whose address is the id';
comment on column subscriptions.projects is 'repositories and folders it hears of; empty is all';
comment on column subscriptions.statuses is 'of the run or the session an event is about; empty is all';
comment on column subscriptions.secret_version is 'its secret is made of this, its id and the callback secret: no secret is in the database';
comment on column subscriptions.failing_since is 'no attempt has got through since then; failures counts them';
create index subscriptions_types on subscriptions using gin (types) where disabled_at is null;

comment on column deliveries.body is 'what a notice says, or how things stood at an event that is subscribed to; null where all is read from the ledger when it is sent';
