/**
 * An experiment that trains policies from preferences: how stages, runs and results follow from a
 * preset. What its task is, where its reference comes from and what is said of its results is its own.
 */
import type { StudyEstimate } from "../study/estimate.ts";
import type { Experiment, Plan, PresetSummary, Stage } from "../study/experiment.ts";
import { codeHash } from "../study/keys.ts";
import type { RunSpec } from "./methods/method.ts";
import { runStage } from "./methods/run-stage.ts";
import type { StudyParts } from "./parts.ts";
import type { StudySettings } from "./settings.ts";
import { poolStage } from "./stages/pool.ts";
import { repliesStages } from "./stages/replies.ts";
import type { TaskSource } from "./task.ts";
import type { TuningSettings } from "./tuning/candidates.ts";

/** A preset: where its task comes from, and its numbers. */
export interface StudyPreset<Settings extends StudySettings> extends PresetSummary {
  source(data: string | null): TaskSource;
  readonly settings: Settings;
  /** What its methods are tuned over; null where they have the settings of another preset. */
  readonly tuning: TuningSettings<Settings> | null;
  /** What it would take, of presets for machines that are not at hand. */
  estimate?(settings: Settings): StudyEstimate;
  /** Processes at a time; missing for one per core. */
  readonly jobs?: number;
}

/** What was planned of a study. */
export interface PlannedStudy<Settings extends StudySettings> {
  readonly preset: string;
  readonly parts: StudyParts<Settings>;
  readonly specs: readonly RunSpec[];
  /** Null where the preset's values come from no tuning on its task. */
  readonly tuning: TuningSettings<Settings> | null;
}

/** What makes an experiment. */
export interface StudyDefinition<Settings extends StudySettings> {
  readonly name: string;
  readonly presets: Readonly<Record<string, StudyPreset<Settings>>>;
  readonly defaultPreset: string;
  /** Id of the stage whose model is the reference. */
  readonly reference: string;
  /** The reference as it is. */
  readonly referenceRun: RunSpec;
  /** Runs of one seed, the reference not among them. */
  trainedRuns(settings: Settings, seed: number): RunSpec[];
  /** All that runs and the pool read, beside the task's own stages; inputs before what needs them. */
  commonStages(parts: StudyParts<Settings>): Stage[];
  /** Writes results.json into `folder`, with its figures and report. @param folderOf a finished stage's folder */
  collect(
    study: PlannedStudy<Settings>,
    folder: string,
    folderOf: (id: string) => string,
  ): Promise<void>;
}

/** The experiment of a definition. */
export function policyExperiment<Settings extends StudySettings>(
  definition: StudyDefinition<Settings>,
): Experiment {
  const { name, presets, defaultPreset, reference } = definition;
  return {
    ...{ name, presets, defaultPreset, code: codeHash },
    plan: async (presetName, { seeds, data }): Promise<Plan> => {
      const preset = presets[presetName] as StudyPreset<Settings>;
      const settings = seeds === null ? preset.settings : { ...preset.settings, seeds };
      const parts = { source: preset.source(data), settings, reference };
      const specs = allRuns(definition, settings);
      const { estimate, jobs, tuning } = preset;
      return {
        ...(estimate && { estimate: () => estimate(settings) }),
        ...(jobs !== undefined && { jobs }),
        stages: [
          ...parts.source.stages,
          ...definition.commonStages(parts),
          // The long ones first, so that the last of them does not run alone.
          ...byDuration(specs).map((spec) => runStage(parts, spec)),
          poolStage(parts),
          ...repliesStages(parts, specs),
        ],
        runs: specs.map(({ id }) => id),
        collect: (folder, folderOf) =>
          definition.collect({ preset: presetName, parts, specs, tuning }, folder, folderOf),
      };
    },
  };
}

/** All runs, for every seed, and the reference, which is the same for all of them. */
export function allRuns<Settings extends StudySettings>(
  { trainedRuns, referenceRun }: Pick<StudyDefinition<Settings>, "trainedRuns" | "referenceRun">,
  settings: Settings,
): RunSpec[] {
  const seeds = Array.from({ length: settings.seeds }, (_, seed) => seed);
  return [...seeds.flatMap((seed) => trainedRuns(settings, seed)), referenceRun];
}

function byDuration(specs: readonly RunSpec[]): RunSpec[] {
  const isLong = (spec: RunSpec) => Number(spec.settings.kind === "ppo");
  return [...specs].sort((a, b) => isLong(b) - isLong(a));
}
