-- What is over is found by when it ended, and counted without reading the rows.

create index deliveries_over on deliveries (coalesce(delivered_at, given_up_at)) where status in ('delivered', 'failed');
create index deliveries_by_kind on deliveries (kind, status);
create index inbox_by_status on inbox (status);

alter table workspaces add column copy_id uuid;
comment on column workspaces.copy_id is 'which copy of the folder was worked in last; the same id lies beside that folder, so one that was left behind on a machine is known';
