-- For callers that wait: by when they are to be told, and what Claude is to answer in.

alter table session_messages
  add column callback_by timestamptz,
  add column json_schema jsonb,
  add check (callback_by is null or callback_url is not null);
comment on column session_messages.callback_by is 'the caller waits no longer: shortly before, callback_url is told that the run goes on still';
comment on column session_messages.json_schema is 'what Claude answers this message in: a JSON schema';

alter table runs add column structured_output jsonb;
comment on column runs.structured_output is 'the answer in the form of the message''s json_schema, checked against it';
