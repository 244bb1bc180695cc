/** An experiment with a preset, opened: its plan, the keys of its stages and where they are kept. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../errors.ts";
import { isHubName } from "../text/data-place.ts";
import type { Experiment, Plan, PresetSummary, Stage } from "./experiment.ts";
import { stageKeys } from "./keys.ts";
import { EXPERIMENTS, experimentNamed, type Registry } from "./registry.ts";
import { StageStore } from "./stage-store.ts";
import { studyFolder } from "./study-folder.ts";

/** What names a study, as on the command line. */
export interface StudyOptions {
  readonly experiment: string;
  /** Null for the experiment's default. */
  readonly preset: string | null;
  readonly seeds: number | null;
  readonly data: string | null;
  /** Null for `runs/<experiment>/<preset>` in the repository. */
  readonly out: string | null;
  /** What computes: results can depend on it. */
  readonly backend: string;
}

/** An opened study. */
export interface Study {
  readonly options: StudyOptions;
  readonly preset: string;
  readonly folder: string;
  readonly plan: Plan;
  readonly store: StageStore;
  /** @throws UsageError for ids that no stage has */
  stage(id: string): Stage;
}

/**
 * Opens a study; nothing is built.
 * @throws UsageError for names that are not there, with those that are, and for missing data
 */
export async function openStudy(
  options: StudyOptions,
  registry: Registry = EXPERIMENTS,
): Promise<Study> {
  const experiment = await experimentNamed(options.experiment, registry);
  const preset = options.preset ?? experiment.defaultPreset;
  const { needsData } = checkPresetData(experiment, preset, options);
  await checkData(options, needsData);
  const plan = await experiment.plan(preset, options);
  const keys = await stageKeys(plan.stages, await experiment.code(), options.backend);
  const folder = options.out ?? studyFolder(experiment.name, preset);
  const stages = new Map(plan.stages.map((stage) => [stage.id, stage]));
  return {
    options,
    preset,
    folder,
    plan,
    store: new StageStore(join(folder, "stages"), keys),
    stage: (id) => {
      const stage = stages.get(id);
      if (stage) return stage;
      throw new UsageError(`expected a stage of ${[...stages.keys()].join(", ")}, got ${id}.`);
    },
  };
}

/** @throws UsageError for a preset that the experiment has not */
export function presetNamed({ presets }: Experiment, name: string): PresetSummary {
  const summary = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (summary) return summary;
  throw new UsageError(`expected --preset ${Object.keys(presets).join(", ")}, got ${name}.`);
}

/** A stage and all that it needs, in the order in which they can be built. */
export function withInputs({ plan }: Study, id: string): Stage[] {
  const needed = new Set([id]);
  for (const stage of [...plan.stages].reverse()) {
    if (needed.has(stage.id)) for (const input of stage.inputs) needed.add(input);
  }
  return plan.stages.filter((stage) => needed.has(stage.id));
}

function checkPresetData(
  experiment: Experiment,
  preset: string,
  { data }: StudyOptions,
): PresetSummary {
  const summary = presetNamed(experiment, preset);
  if (!summary.needsData || data !== null) return summary;
  throw new UsageError(
    `expected --data with a folder of data for the preset ${preset} (${summary.summary}).`,
  );
}

/** @param isUsed whether it will be read, and so may be fetched */
async function checkData({ data }: StudyOptions, isUsed: boolean): Promise<void> {
  if (data === null || (await stat(data).catch(() => null))) return;
  if (isUsed && isHubName(data)) return;
  throw new UsageError(
    `--data: expected a file or folder, got ${data}, which is not there` +
      `${isUsed ? ", nor is it a name on the Hugging Face Hub, ORG/NAME" : ""}.`,
  );
}
