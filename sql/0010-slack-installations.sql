-- Workspaces that have our Slack app, when there may be several (installed by OAuth).

create table slack_installations (
  team          text primary key check (length(team) between 1 and 50),
  team_name     text not null,
  bot_user_id   text not null,
  bot_token     bytea not null,
  key_id        text not null,
  scopes        text[] not null default '{}',
  installed_by  text,
  installed_at  timestamptz not null default now()
);
comment on table slack_installations is 'workspaces that installed our Slack app; a row goes when the app is removed there';
comment on column slack_installations.bot_token is 'AES-256-GCM under a key that is not in the database, bound to the workspace';
comment on column slack_installations.key_id is 'by which key: a token under another one cannot be read, and that is told apart from damage';

create table slack_heard (
  event     text primary key check (length(event) between 1 and 60),
  first_at  timestamptz not null default now(),
  last_at   timestamptz not null default now()
);
comment on table slack_heard is 'kinds of events that ever came from Slack, to the hour: it tells nobody which ones an app subscribes to';
