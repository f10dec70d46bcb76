-- What is over is found by when it ended, and counted without reading the rows.

create index deliveries_over on deliveries (coalesce(delivered_at, given_up_at)) where status in ('delivered', 'failed');
create index deliveries_by_kind on deliveries (kind, status);
create index inbox_by_status on inbox (status);
