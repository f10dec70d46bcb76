/** What the groups of the document hold, by their names. The linter refuses a group that is not here. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  Deliveries: "What leaves for outside, such as callbacks and chat messages: on its way, arrived or given up.",
  Email: "Mails that arrive, and what became of them.",
  Events: "The feed of what happens, as server-sent events or page by page.",
  Hooks: "What Claude Code's hooks post.",
  Machines: "The instances that are connected to a hub.",
  Messages: "What is said to Claude in a session, and what it answers.",
  Orchestration: "How much runs and how much is desired, as editors and people see and set it.",
  Runs: "One life of Claude each: it carries out a message, and ends with a result.",
  Schedules: "What is started by the clock.",
  Sessions: "Conversations with Claude, each in a workspace of its own.",
  Slack: "What Slack calls, and the installation of the app in workspaces.",
  Subscriptions: "URLs that hear of events, each signed with a secret of its own.",
  System: "Health, versions, signing in, and this document.",
  Templates: "Named presets that sessions are started from.",
  Tokens: "What machines show to a hub.",
  Usage: "What runs cost, and how they ended.",
};

/** The groups of these names as the document lists them: in order, each with what it holds. */
export const describedTags = (names: Iterable<string>): { name: string; description?: string }[] =>
  [...new Set(names)].toSorted().map((name) => {
    const description = DESCRIPTIONS[name];
    return { name, ...(description === undefined ? {} : { description }) };
  });
