/**
 * What every method is tuned over. A candidate is one choice for all methods at once, so that each has
 * as many configurations as any other; each is run at two values of what its sweep varies.
 */
import type { Json } from "../../study/experiment.ts";
import type { RunSpec } from "../methods/method.ts";
import { GROUP } from "../methods/specs.ts";
import type { EvaluationSettings, PpoStudySettings, StudySettings } from "../settings.ts";

/** One choice for all methods. */
export interface TuningCandidate {
  /** Of direct methods. */
  readonly lr: number;
  /** Of PPO, on the learned and on the gold reward. */
  readonly ppo: PpoChoice;
}

/** What PPO is tuned over. */
export interface PpoChoice {
  readonly lr: number;
  /** Passes over a batch of completions. */
  readonly epochs: number;
}

/** What is tuned, and how it is measured; written before any run. */
export interface TuningSettings<Settings extends StudySettings = StudySettings> {
  readonly candidates: readonly TuningCandidate[];
  /** Values at which every candidate is run. */
  readonly grid: Settings["grid"];
  readonly evaluation: EvaluationSettings;
  /** KL up to which a frontier counts, nats. */
  readonly klRange: number;
  /** Most floating point operations of one run. */
  readonly flopsCap: number;
}

/** A run of a candidate. */
export interface CandidateRun {
  readonly candidate: number;
  readonly spec: RunSpec;
}

/** Of all runs. */
const SEED = 0;

/** All runs of all candidates. @param trainedRuns of a seed */
export function candidateRuns<Settings extends StudySettings>(
  settings: Settings,
  { candidates, grid }: TuningSettings<Settings>,
  trainedRuns: (settings: Settings, seed: number) => RunSpec[],
): CandidateRun[] {
  return candidates.flatMap((choice, candidate) =>
    trainedRuns({ ...withCandidate(settings, choice), grid }, SEED)
      .filter(({ group, settings: { kind } }) => group !== GROUP.untuned && kind !== "model")
      .map((spec) => ({
        candidate,
        spec: {
          ...spec,
          id: spec.id.replace("run/", `run/${candidate}-`),
          label: `${spec.label}, ${choiceText(spec, choice)}`,
        },
      })),
  );
}

/** Settings of a study with one choice for all methods. */
export function withCandidate<Settings extends StudySettings>(
  settings: Settings,
  { lr, ppo }: TuningCandidate,
): Settings {
  const { direct, ppo: kinds } = settings;
  return {
    ...settings,
    direct: { ...direct, lr: Object.fromEntries(Object.keys(direct.lr).map((name) => [name, lr])) },
    ppo: { ...kinds, learned: withChoice(kinds.learned, ppo), gold: withChoice(kinds.gold, ppo) },
  };
}

/** Settings of PPO with a choice. */
export function withChoice(
  training: PpoStudySettings,
  { lr, epochs }: PpoChoice,
): PpoStudySettings {
  const settings = training.settings as Readonly<Record<string, Json>>;
  const part = (name: string) => settings[name] as Readonly<Record<string, Json>>;
  return {
    ...training,
    settings: {
      ...settings,
      optimizer: { ...part("optimizer"), lr },
      update: { ...part("update"), epochs },
    },
  };
}

/** A choice for the method of a run, for people. */
function choiceText({ settings }: Pick<RunSpec, "settings">, choice: TuningCandidate): string {
  const { lr, ppo } = choice;
  return settings.kind === "ppo"
    ? `learning rate ${ppo.lr}, ${ppo.epochs} passes`
    : `learning rate ${lr}`;
}
