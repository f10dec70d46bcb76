-- What the orchestration of a machine runs and should run, as it last said.

alter table hub.machines
  add column orchestration_running integer check (orchestration_running >= 0),
  add column orchestration_desired integer check (orchestration_desired >= 0);
comment on column hub.machines.orchestration_running is 'over all its workspaces, as it said last on this connection; null when it did not';
comment on column hub.machines.orchestration_desired is 'the same of what is desired';
