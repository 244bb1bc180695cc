/** Puts the results of all stages together: results.json, from which figures and report are drawn. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Enumeration } from "../study/enumeration.ts";
import type { Json } from "../study/experiment.ts";
import { codeHash } from "../study/keys.ts";
import { asJson } from "../study/plain-data.ts";
import { drawStudy } from "../study/report/write.ts";
import type {
  Deviation,
  RunResult,
  Statement,
  StudyLabels,
  StudyResults,
} from "../study/results.ts";
import { writeResults } from "../study/results-file.ts";
import { bestOfNPoints } from "./best-of-n.ts";
import { comparisonsOf, type PolicyPair } from "./comparison/collect.ts";
import type { PlannedStudy } from "./experiment.ts";
import { exactLimit, importanceLimit } from "./limit.ts";
import type { StudySettings } from "./settings.ts";
import { BACKBONE, type BackboneFacts } from "./stages/backbone.ts";
import { POOL, readPool } from "./stages/pool.ts";
import {
  PREFERENCES,
  type PreferenceFacts,
  readPreferenceFacts,
} from "./stages/preference-files.ts";
import {
  REWARD_MODEL,
  type RewardModelFacts,
  readRewardModelFacts,
} from "./stages/reward-model.ts";

/** What is known of the stages that all runs begin with. */
export interface CommonFacts {
  readonly backbone: BackboneFacts;
  readonly preferences: PreferenceFacts;
  readonly rewardModel: RewardModelFacts;
}

/** What an experiment says of its results. */
export interface StudyWords {
  readonly experiment: string;
  readonly labels: StudyLabels;
  /** The task's own stand for those of the same name. */
  readonly deviations: readonly Deviation[];
  statements(results: StudyResults, facts: CommonFacts): readonly Statement[];
  /** Policies whose replies all judges of the task compare, where it has several. */
  readonly pairs?: readonly PolicyPair[];
  /** What was checked where all completions can be listed. */
  readonly enumeration?: Enumeration;
  /** What is known of stages that are the experiment's own. */
  facts?(folderOf: (id: string) => string): Promise<Readonly<Record<string, Json>>>;
}

/** Writes results.json into `folder`, with its figures and report. @param folderOf a finished stage's folder */
export async function collectStudy(
  study: PlannedStudy<StudySettings>,
  {
    experiment,
    deviations,
    statements,
    facts: ownFacts,
    pairs = [],
    enumeration,
    ...words
  }: StudyWords,
  folder: string,
  folderOf: (id: string) => string,
): Promise<void> {
  const { preset, parts, specs } = study;
  const { source, settings } = parts;
  const labels = { ...words.labels, ...source.labels };
  const runs = await Promise.all(
    specs.map(async ({ id }) => await json<RunResult>(join(folderOf(id), "result.json"))),
  );
  const pools = await readPool(folderOf(POOL));
  const facts: CommonFacts = {
    backbone: await json<BackboneFacts>(join(folderOf(BACKBONE), "backbone.json")),
    preferences: await readPreferenceFacts(folderOf(PREFERENCES)),
    rewardModel: await readRewardModelFacts(folderOf(REWARD_MODEL)),
  };
  const own = { ...(await source.facts(folderOf)), ...(await ownFacts?.(folderOf)) };
  const task = { source: source.config, ...own, ...facts };
  const comparisons = await comparisonsOf({ study, runs, labels, pairs, folderOf });
  const results: StudyResults = {
    ...{ version: 1, experiment, preset, labels },
    // A baseline may have more of them, such as the paper's extra runs of Preferred-FT.
    seeds: Array.from({ length: settings.seeds }, (_, seed) => seed),
    task: asJson(task),
    config: asJson(settings),
    code: await codeHash(),
    deviations: withOwn(deviations, source.deviations),
    limit: importanceLimit(pools.map(({ gold }) => gold)),
    ...(source.outcomes && {
      language_limit: exactLimit(source.outcomes(settings.evaluation.prompts)),
    }),
    ...(enumeration && { enumeration }),
    runs,
    best_of_n: [
      ...bestOfNPoints(pools, settings.pool.ns, "learned"),
      ...bestOfNPoints(pools, settings.pool.ns, "gold"),
    ],
    ...(comparisons && { comparisons }),
    statements: [],
  };
  await writeResults(join(folder, "results.json"), {
    ...results,
    statements: [...statements(results, facts)],
  });
  await drawStudy(folder);
}

/** A table in which a task's own entries stand for those of the same name. */
function withOwn(table: readonly Deviation[], own: readonly Deviation[]): Deviation[] {
  const names = new Set(own.map(({ item }) => item));
  return [...own, ...table.filter(({ item }) => !names.has(item))];
}

async function json<Value>(path: string): Promise<Value> {
  return JSON.parse(await readFile(path, "utf8")) as Value;
}
