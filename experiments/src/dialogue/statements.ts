/**
 * The checklist of a faithful reproduction, for dialogue: that what the paper measured is measured
 * here. What came out of it is said with each statement, whichever way it went.
 */
import { aboutOther, checked, type StudyFacts } from "../policy/statements/check.ts";
import { OUTCOMES } from "../policy/statements/outcomes.ts";
import { THEORY } from "../policy/statements/theory.ts";
import { deviationsStatement, trainingStatements } from "../policy/statements/training.ts";
import type { Statement, StudyResults } from "../study/results.ts";
import type { BootstrapOptions } from "../study/statistics/bootstrap.ts";
import { UNSTATED } from "./deviations.ts";
import type { DialogueSettings } from "./settings.ts";
import { REPLIES } from "./statements/replies.ts";

const SENTIMENT = aboutOther("sentiment", [
  { number: 8, text: "Prompts are beginnings of reviews, with 4 completions and at most 6 pairs." },
  { number: 9, text: "Labels are deterministic: the completion of more gold reward is chosen." },
  {
    number: 10,
    text: "The learned reward is right on 90 % of held-out pairs, which have no noise.",
  },
  { number: 11, text: "Sweeps have the values of the paper: 22 runs of a seed." },
]);

/** All statements, by their numbers. @param results with or without statements */
export function statementsOf(
  results: StudyResults,
  facts: StudyFacts<DialogueSettings>,
  options?: BootstrapOptions,
): Statement[] {
  const checks = [
    ...[...THEORY, ...SENTIMENT, ...trainingStatements("dialogue")],
    ...[deviationsStatement(UNSTATED), ...OUTCOMES, ...REPLIES],
  ];
  return checked<DialogueSettings>(checks, results, facts, options);
}
