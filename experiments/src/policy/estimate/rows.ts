/** Rows of an estimate from work: operations, hours of an assumed machine, memory and disk. Pure. */
import type { EstimateRow } from "../../study/estimate.ts";
import type { RunSpec } from "../methods/method.ts";
import type { StudySettings } from "../settings.ts";
import {
  activationBytes,
  BYTES,
  cacheBytes,
  forwardFlops,
  type ModelShape,
  parametersOf,
  trainFlops,
} from "./model-costs.ts";
import { runsWork } from "./run-work.ts";
import { poolWork, referenceWork, rewardWork, type Work } from "./work.ts";

/** What a study is assumed to run on, and how much of it is used. */
export interface Machine {
  readonly name: string;
  /** Bytes on the accelerator. */
  readonly memory: number;
  /** Operations per second, and in what: TensorFlow on a GPU multiplies float32 as TensorFloat-32. */
  readonly peakFlops: number;
  readonly numbers: "TensorFloat-32" | "float32";
  /** Share of them that is used in training and reading. */
  readonly training: number;
  /** The same in sampling, one token after the other. */
  readonly sampling: number;
}

/** Whose costs are estimated. */
export interface EstimatedModel {
  readonly name: string;
  readonly shape: ModelShape;
  readonly machine: Machine;
  /** A model that scores texts for the gold reward; null where that costs next to nothing. */
  readonly scorer: Pick<ModelShape, "layers" | "width" | "vocabulary"> | null;
  /** Completions sampled together. */
  readonly sampledRows: number;
}

/** Models in memory while something runs, and what is trained of one of them. */
export interface Residents {
  /** Copies of the weights. */
  readonly copies: number;
  /** Numbers that the optimizer keeps per parameter; null where nothing is trained. */
  readonly slots: number | null;
  /** Texts that a gradient is computed of together, and their length. */
  readonly texts: number;
  readonly length: number;
}

/** Bytes of the weights. */
export function weightBytes(shape: ModelShape): number {
  return BYTES * parametersOf(shape);
}

/**
 * A row.
 * @param length of texts, tokens
 * @param disk bytes that are left
 * @param times how many stages there are of it; all else is of all of them together
 */
export function estimateRow(
  model: EstimatedModel,
  length: number,
  row: {
    readonly name: string;
    readonly work: Work;
    readonly residents: Residents;
    readonly disk: number;
    readonly times?: number;
  },
): EstimateRow {
  const { shape, machine, scorer } = model;
  const { name, work, residents, disk, times = 1 } = row;
  const sampled = work.sampledTokens * forwardFlops(shape, length);
  const parallel =
    work.trainTokens * trainFlops(shape, length) +
    work.readTokens * forwardFlops(shape, length) +
    (scorer === null ? 0 : work.goldTexts * length * forwardFlops(scorer, length));
  const { peakFlops, training, sampling } = machine;
  const seconds = parallel / (peakFlops * training) + sampled / (peakFlops * sampling);
  return {
    ...{ name, times, ...work, disk },
    ...{ flops: parallel + sampled, hours: seconds / 3600 },
    memory: memoryOf(model, residents),
  };
}

/**
 * Rows of what all studies do once they have preferences: reward model, the pairs under the
 * reference, runs and the pool.
 * @param pairs that are learned from
 */
export function methodRows(
  model: EstimatedModel,
  settings: StudySettings,
  specs: readonly RunSpec[],
  pairs: number,
): EstimateRow[] {
  const { rewardModel, batchTokens, backbone } = settings;
  const length = backbone.maxLength;
  const weights = weightBytes(model.shape);
  const reading: Residents = { copies: 1, slots: null, texts: 0, length };
  return [
    estimateRow(model, length, {
      ...{ name: "reward model", work: rewardWork(pairs, settings), disk: weights },
      residents: {
        ...{ copies: 2, slots: 2, length },
        texts: (2 * rewardModel.batchSize) / (rewardModel.microBatches ?? 1),
      },
    }),
    estimateRow(model, length, {
      ...{ name: "pairs of the reference", work: referenceWork(pairs, settings), disk: 0 },
      residents: reading,
    }),
    ...runsWork(specs, settings).map(({ group, times, work, copies, slots, texts }) =>
      estimateRow(model, length, {
        ...{ name: group, work, times, disk: slots === null ? 0 : times * weights },
        residents: { copies, slots, length, texts: texts ?? Math.floor(batchTokens / length) },
      }),
    ),
    estimateRow(model, length, {
      ...{ name: "best-of-n", work: poolWork(settings), disk: 0 },
      residents: { ...reading, copies: 2 },
    }),
  ];
}

/** What all of these estimates rest on, in sentences. @param rows all of them */
export function commonAssumptions(
  { name, shape, machine, sampledRows }: EstimatedModel,
  rows: readonly EstimateRow[],
): string[] {
  const { peakFlops, training, sampling } = machine;
  const percent = (share: number) => `${100 * share} %`;
  const weights = weightBytes(shape);
  const checkpoint = (weights * 4) / 1e9;
  const large = rows.filter(({ memory }) => memory > machine.memory).map((row) => row.name);
  return [
    `${name}: ${(parametersOf(shape) / 1e6).toFixed(1)}M parameters, ${(weights / 1e9).toFixed(2)} GB.`,
    `Hours are of ${machine.name}: ${peakFlops / 1e12} TFLOP/s of ${machine.numbers}, of which ` +
      `${percent(training)} in training and reading, ${percent(sampling)} in sampling ` +
      `${sampledRows} texts at a time. Neither was measured.`,
    "Memory is weights, gradients, the optimizer's state, and activations or the sampling cache, " +
      "whichever is larger; memory that TensorFlow fragments comes on top. " +
      `More than the machine has: ${large.join(", ") || "none"}.`,
    `Disk is what remains; a training in progress has checkpoints of up to ${checkpoint.toFixed(1)} ` +
      "GB beside it.",
  ];
}

/** Weights, gradients twice (one is added up), the optimizer's state, and the larger of activations and cache. */
function memoryOf(
  { shape, sampledRows }: EstimatedModel,
  { copies, slots, texts, length }: Residents,
): number {
  const weights = weightBytes(shape);
  const state = slots === null ? 0 : (2 + slots) * weights;
  const activations = slots === null ? 0 : activationBytes(shape, { texts, length });
  const cache = copies === 0 ? 0 : cacheBytes(shape, sampledRows, length);
  return copies * weights + state + Math.max(activations, cache);
}
