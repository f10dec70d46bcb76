import type { Scene, Turn } from "./scene.ts";

/** Ends at its limit of turns. */
export const cronMigration: Scene = {
  title: "Move the cron scripts to systemd timers",
  repository: "acme/ops",
  tags: ["infra"],
  options: { maxTurns: 3, allowedTools: ["Bash(ls*)"] },
  turns: [
    {
      say: "Turn each script in cron/ into a systemd service with a timer. Keep the times of the crontab.",
      steps: [
        { text: "Four scripts, as far as the README says. I'll list them.", bash: "ls -l cron", delayMs: 400 },
        { text: "I'll begin with the backup.", read: "cron/backup.sh", delayMs: 500 },
        {
          write: {
            path: "systemd/backup.service",
            content:
              "[Unit]\nDescription=Nightly backup\n\n[Service]\nType=oneshot\nExecStart=/opt/ops/cron/backup.sh\n",
          },
          delayMs: 500,
        },
        { read: "cron/rotate-logs.sh", delayMs: 500 },
        { text: "never reached" },
      ],
    },
  ],
};

/** Wants to do what nobody allowed, and says so; the dashboard offers to allow it. */
export const testsGreen: Scene = {
  title: "Are the billing tests green?",
  repository: "acme/billing",
  tags: ["question"],
  turns: [
    {
      say: "Are the tests of billing green on main?",
      steps: [
        { text: "I'll run them.", bash: "node --test", delayMs: 500 },
        {
          text: "I may read and edit files here, but not run `node --test`, so I cannot say. Allow it for this session, and I go on.",
          delayMs: 500,
        },
      ],
    },
  ],
};

/** What follows once a person has allowed it. */
export const allowed: Turn = {
  say: "Continue",
  steps: [
    { bash: "node --test", delayMs: 400 },
    {
      text: "Not green: one of three fails. *half a cent is rounded up* expects 375 and gets 374, because `gross()` in `src/vat.js` cuts fractions with `Math.floor`. The session “Fix VAT rounding on invoices” has the fix.",
      delayMs: 500,
    },
  ],
};

/** Meets an API in trouble, waits, and succeeds when that has passed. */
export const dependencyReview: Scene = {
  title: "Weekly dependency review",
  repository: "acme/shop",
  tags: ["weekly"],
  source: "schedule",
  turns: [
    {
      say: "Review the dependencies that have a newer major version, and say for each what an update would break.",
      steps: [{ error: { status: 529 } }],
    },
  ],
};

/** What a run is told that goes on after the API failed it, and what it does when the API answers again. */
export const recovered: Turn = {
  say: "You were interrupted",
  steps: [{ text: "Nothing to update: the shop has no dependencies, its tests run on Node's own runner." }],
};

/** Works for minutes in the one local folder … */
export const soakTest: Scene = {
  title: "Soak-test the search index",
  options: { allowedTools: ["Bash(node soak.js*)"] },
  turns: [
    {
      say: "Run the soak test for half an hour and tell me whether latency stays flat.",
      steps: [
        {
          text: "I'll let it run for thirty minutes and look at the numbers then.",
          tool: {
            name: "Bash",
            input: { command: "node soak.js 1800", description: "Soak test, 30 minutes", timeout: 600_000 },
          },
        },
        { text: "The soak test was still running when its time was over; no errors so far, p95 at 38 ms." },
      ],
    },
  ],
};

/** … while this one waits for the folder. */
export const searchReadme: Scene = {
  title: "Write a proper README for search",
  tags: ["docs"],
  turns: [
    {
      say: "The README of search is one line. Write what it does, how to run it, and how to test it.",
      steps: [{ text: "Done." }],
    },
  ],
};
