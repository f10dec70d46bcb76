-- One switch for the whole installation; what each workspace says of itself stays as it is.

alter table orchestration_totals
  add column paused boolean not null default false,
  add column paused_by text,
  add column paused_at timestamptz;
comment on column orchestration_totals.paused is 'no run of any workspace begins; workspaces keep their own paused';

alter table orchestration_history alter column workspace_id drop not null;
comment on column orchestration_history.workspace_id is 'null: a change of all, whose running and desired are the global ones';
