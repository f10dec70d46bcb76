-- The hub: machines that are connected to it, who may see them, and how they prove who they are.

create schema hub;
comment on schema hub is 'the central orchestrator: its users, tokens and machines';

create table hub.users (
  id uuid primary key default gen_random_uuid(),
  github_id bigint unique,
  login text not null check (length(login) between 1 and 100),
  orgs text[] not null default '{}',
  teams text[] not null default '{}',
  github_token bytea,
  checked_at timestamptz,
  refused_at timestamptz,
  created_at timestamptz not null default now()
);
comment on table hub.users is 'people who signed in; without a github_id the one local user of a hub that asks nobody to sign in';
comment on column hub.users.orgs is 'of GitHub, lower case, as of checked_at';
comment on column hub.users.teams is 'org/slug, lower case, as of checked_at';
comment on column hub.users.github_token is 'encrypted; membership is looked up again with it every hour';
comment on column hub.users.refused_at is 'since when the rules no longer let this person in: their sign-ins are gone and their machines stay out';
create unique index users_local on hub.users ((true)) where github_id is null;

create table hub.sign_ins (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references hub.users on delete cascade,
  secret_hash bytea not null unique,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
comment on table hub.sign_ins is 'browsers that are signed in; the cookie is the secret, here is its SHA-256';
create index sign_ins_user on hub.sign_ins (user_id);

create table hub.tokens (
  id text primary key check (id ~ '^[0-9a-f]{16}$'),
  user_id uuid not null references hub.users on delete cascade,
  name text not null check (length(name) between 1 and 100),
  secret_hash bytea,
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz
);
comment on table hub.tokens is 'what machines present: ao_<id>_<secret>';
comment on column hub.tokens.secret_hash is 'SHA-256 of the secret; null until the process that holds a claimed machine has made it';
create index tokens_user on hub.tokens (user_id);

create table hub.processes (
  id text primary key,
  url text not null,
  seen_at timestamptz not null default now()
);
comment on table hub.processes is 'hub processes that live, and where the others reach them';

create table hub.machines (
  id text primary key check (id ~ '^m[0-9a-z]{15}$'),
  user_id uuid not null references hub.users on delete cascade,
  token_id text not null references hub.tokens on delete cascade,
  hostname text not null,
  instance smallint not null,
  client_id text not null,
  project text not null,
  version text,
  platform text,
  callback_url text,
  capabilities jsonb not null default '[]',
  status text not null check (status in ('idle', 'active', 'busy', 'disconnected')),
  last_activity_at timestamptz,
  first_seen_at timestamptz not null default now(),
  connected_at timestamptz,
  last_seen_at timestamptz not null default now(),
  process_id text,
  connection_id uuid,
  unique (token_id, hostname, instance)
);
comment on table hub.machines is 'the same token and host name is the same machine over restarts; its id is its DNS label';
comment on column hub.machines.instance is 'above 0: several at once on one host with one token';
comment on column hub.machines.client_id is 'what it calls itself on the wire';
comment on column hub.machines.connection_id is 'the socket that speaks for it; a later one takes its place, and what the former still says no longer counts';
create index machines_user on hub.machines (user_id);
create index machines_process on hub.machines (process_id) where process_id is not null;

create table hub.shares (
  machine_id text not null references hub.machines on delete cascade,
  kind text not null check (kind in ('org', 'team')),
  name text not null,
  primary key (machine_id, kind, name)
);
comment on table hub.shares is 'whom the owner lets use a machine: an organisation, or org/team, of GitHub, lower case';

create table hub.machine_events (
  id bigint generated always as identity primary key,
  machine_id text not null references hub.machines on delete cascade,
  at timestamptz not null default now(),
  kind text not null check (kind in ('connected', 'status', 'disconnected', 'warning', 'error', 'command')),
  text text not null,
  by_login text
);
comment on table hub.machine_events is 'what happened to a machine, for its timeline; the latest few hundred of each are kept';
create index machine_events_machine on hub.machine_events (machine_id, id desc);

create table hub.pending (
  id text primary key,
  client_pending_id text not null,
  code text,
  hostname text not null,
  project text not null,
  platform text not null,
  users text[] not null,
  orgs text[] not null,
  teams text[] not null,
  process_id text not null,
  created_at timestamptz not null default now(),
  token_id text references hub.tokens on delete cascade
);
comment on table hub.pending is 'machines without a token that wait to be claimed; gone with their socket';
comment on column hub.pending.code is 'shown at both ends, so that a person claims the machine meant';
comment on column hub.pending.users is 'who may claim it, lower case; so are orgs and teams (org/slug)';
comment on column hub.pending.token_id is 'claimed: the process that holds the socket makes the secret and hands it over';

create table hub.tickets (
  secret_hash bytea primary key,
  machine_id text not null references hub.machines on delete cascade,
  user_id uuid not null references hub.users on delete cascade,
  sign_in_id uuid references hub.sign_ins on delete cascade,
  expires_at timestamptz not null
);
comment on table hub.tickets is 'a way from the hub into the origin of one machine, good once and for a minute';

create table hub.entries (
  secret_hash bytea primary key,
  machine_id text not null references hub.machines on delete cascade,
  user_id uuid not null references hub.users on delete cascade,
  sign_in_id uuid references hub.sign_ins on delete cascade,
  expires_at timestamptz not null
);
comment on table hub.entries is 'browsers that are in at the origin of one machine; they end with their sign-in';
