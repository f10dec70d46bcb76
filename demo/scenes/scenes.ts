import type { Scenario } from "../script-player.ts";
import type { Step } from "../script.ts";
import { csvExport, nightlyImport, vatRounding } from "./everyday.ts";
import { authReview, followUps } from "./review.ts";
import type { Scene, Turn } from "./scene.ts";
import { allowed, cronMigration, dependencyReview, recovered, searchReadme, soakTest, testsGreen } from "./trouble.ts";

/** All sessions of the demo, in the order they are started: what waits and fails first, what is fun to watch last. */
export const scenes: readonly Scene[] = [
  dependencyReview,
  testsGreen,
  cronMigration,
  nightlyImport,
  soakTest,
  searchReadme,
  csvExport,
  vatRounding,
  authReview,
];

const turns: readonly Turn[] = [...scenes.flatMap((scene) => scene.turns), ...followUps];

/** How often the API fails the run that goes on, before it answers. */
const FAILURES = 2;
const overloaded: Step = { error: { status: 529 } };

/** What a visitor hears who types something of their own. */
const stranger: Step = {
  text: "This is the demo: a script answers here, and it only knows the conversations that were written for it. Started with `npm start` and your own account, Claude itself does.",
};

/** Finds what the model is to do about a prompt by what was said; a call behind the last step gets the last one. */
export function createScenario(): Scenario {
  let failures = 0;
  return ({ text, step }) => {
    if (text.includes(recovered.say)) return failures++ < FAILURES ? overloaded : recovered.steps[0];
    const turn = text.trim() === allowed.say ? allowed : turns.find(({ say }) => text.includes(say));
    return turn ? turn.steps[Math.min(step, turn.steps.length - 1)] : stranger;
  };
}
