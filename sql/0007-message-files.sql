-- Files that came with a message: kept until they are in the workspace, and for a while after it.

create table message_files (
  id          uuid primary key default gen_random_uuid(),
  message_id  uuid not null references session_messages (id) on delete cascade,
  number      smallint not null check (number between 1 and 10),
  name        text not null check (octet_length(name) between 1 and 120 and name !~ '[/[:cntrl:]]' and name !~ '^[.-]'),
  media_type  text not null check (length(media_type) between 3 and 127),
  size        integer not null check (size between 0 and 20971520),
  content     bytea check (octet_length(content) = size),
  created_at  timestamptz not null default now(),
  unique (message_id, number),
  unique (message_id, name)
);
-- Documents and pictures are packed already: trying again would cost time and save nothing.
alter table message_files alter column content set storage external;
comment on table message_files is 'files that came with a message; a run finds them below .attachments in its workspace';
comment on column message_files.name is 'safe to be a file name: no path, no control characters, no dot or dash in front';
comment on column message_files.content is 'null when it has passed its lifetime; that there was a file stays known';
