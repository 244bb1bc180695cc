/** What the experiment says of its results. */
import { ENUMERATION, readEnumeration } from "../enumerable/stage.ts";
import { collectStudy, type StudyWords } from "../policy/collect.ts";
import type { PlannedStudy } from "../policy/experiment.ts";
import { deviationsOf } from "./deviations.ts";
import { LABELS } from "./labels.ts";
import type { SentimentSettings } from "./settings.ts";
import { statementsOf } from "./statements.ts";

/** Writes results.json into `folder`, with its figures and report. @param folderOf a finished stage's folder */
export async function collect(
  study: PlannedStudy<SentimentSettings>,
  folder: string,
  folderOf: (id: string) => string,
): Promise<void> {
  const { preset, tuning } = study;
  const { settings } = study.parts;
  const words: StudyWords = {
    ...{ experiment: "sentiment", labels: LABELS, deviations: deviationsOf(preset, settings) },
    enumeration: await readEnumeration(folderOf(ENUMERATION)),
    statements: (results, facts) => statementsOf(results, { ...facts, settings, tuning }),
  };
  await collectStudy(study, words, folder, folderOf);
}
