-- This installation as a machine of a hub.

create table hub_claims (
  hub text primary key,
  sealed_token bytea not null,
  client_id text,
  claimed_at timestamptz not null default now()
);
comment on table hub_claims is 'tokens that a hub gave to this machine when somebody claimed it; encrypted by a key in the data directory';
comment on column hub_claims.hub is 'the host of ORCHESTRATOR_URL';
