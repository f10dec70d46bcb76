import type { Scenario } from "../script-player.ts";
import { csvExport, nightlyImport, vatRounding } from "./everyday.ts";
import { authReview, followUps } from "./review.ts";
import type { Scene } from "./scene.ts";
import { cronMigration, dependencyReview, providerCheck, recovered, searchReadme, soakTest } from "./trouble.ts";

/** All sessions of the demo, in the order they are started: what waits and fails first, what is fun to watch last. */
export const scenes: readonly Scene[] = [
  dependencyReview,
  providerCheck,
  cronMigration,
  nightlyImport,
  soakTest,
  searchReadme,
  csvExport,
  vatRounding,
  authReview,
];

/** Finds what the model is to do about a prompt by what was said; a call behind the last step gets the last one. */
export const scenario: Scenario = ({ text, step }) => {
  const turns = [...scenes.flatMap((scene) => scene.turns), ...followUps, recovered];
  const turn = turns.find(({ say }) => text.includes(say));
  return turn?.steps[Math.min(step, turn.steps.length - 1)];
};
