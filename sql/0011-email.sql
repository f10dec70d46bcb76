-- Mail as conversations: which mails belong to which thread, what was taken from the mailbox, and the key of our reply addresses.

-- A person has one thread with a session, whatever the subjects of his mails.
alter table email_threads add unique (session_id, participant);

create table email_messages (
  id             uuid primary key default gen_random_uuid(),
  thread_id      uuid not null references email_threads (id) on delete cascade,
  position       bigint generated always as identity,
  direction      text not null check (direction in ('inbound', 'outbound')),
  message_id     text not null check (octet_length(message_id) between 3 and 1000),
  reference_ids  text[] not null default '{}',
  subject        text not null check (length(subject) <= 500),
  ledger_id      uuid,
  full_text      text check (octet_length(full_text) <= 4194304),
  created_at     timestamptz not null default now(),
  unique (message_id)
);
comment on table email_messages is 'the mails of a thread, in both directions: what a reply is recognised by and what an answer refers to';
comment on column email_messages.message_id is 'the Message-ID with its angle brackets';
comment on column email_messages.reference_ids is 'the References that stood in it, oldest first';
comment on column email_messages.ledger_id is 'the message of the session that it became or that it tells; null for notices';
comment on column email_messages.full_text is 'of an inbound mail: its text with the quotes that Claude does not get';
create index email_messages_thread on email_messages (thread_id, position desc);

create table email_seen (
  mailbox       text not null check (octet_length(mailbox) between 1 and 500),
  uid_validity  bigint not null,
  uid           bigint not null,
  external_id   text not null,
  seen_at       timestamptz not null default now(),
  primary key (mailbox, uid_validity, uid)
);
comment on table email_seen is 'what was taken out of a mailbox into the inbox; kept until the mail was moved away';

create table email_secret (
  one         boolean primary key default true check (one),
  secret      bytea not null check (octet_length(secret) = 32),
  created_at  timestamptz not null default now()
);
comment on table email_secret is 'the key that signs the reply addresses; all processes use the same one';

create table email_mailboxes (
  mailbox     text primary key check (octet_length(mailbox) between 1 and 500),
  first_seen  timestamptz not null default now()
);
comment on table email_mailboxes is 'mailboxes that were found fit to be read: one that is full of other mail is not touched';
