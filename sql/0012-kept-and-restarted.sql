-- What is still to be kept safe after a run, and conversations that begin anew in a session.

alter table attempts add column kept_at timestamptz;
comment on column attempts.kept_at is 'when copies of what it left were made, or the making was tried; null after its end: the next look of its worker does it';
update attempts set kept_at = finished_at where finished_at is not null;
create index attempts_unkept on attempts (worker_id) where finished_at is not null and kept_at is null;

alter table session_messages add column restart text check (restart in ('summary'));
comment on column session_messages.restart is 'its run begins a new conversation of Claude, told what was said so far; the conversation has the id of the run';
