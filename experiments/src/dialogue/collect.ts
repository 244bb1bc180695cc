/** What the experiment says of its results. */
import { collectStudy, type StudyWords } from "../policy/collect.ts";
import type { PolicyPair } from "../policy/comparison/collect.ts";
import type { PlannedStudy } from "../policy/experiment.ts";
import { GROUP } from "../policy/methods/specs.ts";
import { PREFERRED_FT, readPreferredFtFacts } from "../policy/stages/preferred-ft.ts";
import { deviationsOf } from "./deviations.ts";
import { LABELS } from "./labels.ts";
import type { DialogueSettings } from "./settings.ts";
import { statementsOf } from "./statements.ts";

/** The three comparisons of the paper's table of judges and people; its PPO is at temperature 0. */
const PAIRS: readonly PolicyPair[] = [
  { group: GROUP.dpo, temperature: 0.25 },
  { group: GROUP.preferred, temperature: 0.25 },
  { group: GROUP.ppo, temperature: 1 },
].map((first) => ({ first, second: { group: GROUP.ppo, temperature: 0 } }));

/** Writes results.json into `folder`, with its figures and report. @param folderOf a finished stage's folder */
export function collect(
  study: PlannedStudy<DialogueSettings>,
  folder: string,
  folderOf: (id: string) => string,
): Promise<void> {
  const { preset, tuning } = study;
  const { settings } = study.parts;
  const words: StudyWords = {
    ...{ experiment: "dialogue", labels: LABELS, pairs: PAIRS },
    statements: (results, facts) => statementsOf(results, { ...facts, settings, tuning }),
    deviations: deviationsOf(preset, settings),
    facts: async () => ({ reference: { ...(await readPreferredFtFacts(folderOf(PREFERRED_FT))) } }),
  };
  return collectStudy(study, words, folder, folderOf);
}
