/** The golden numbers of ./fixtures/ppo. */

import { fileURLToPath } from "node:url";
import { Fixture, type GoldenTensor, type Tolerance } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";

/** Scalars of a clipped loss with its ranges. */
export interface GoldenLoss extends GoldenLosses {
  readonly cliprange: number;
  readonly cliprange_value: number;
}

/** Scalars of a clipped loss. */
export interface GoldenLosses {
  readonly policy_loss: number;
  readonly value_loss: number;
  readonly clipfrac: number;
  readonly vf_clipfrac: number;
  readonly approxkl: number;
  readonly approxkl_k3: number;
  readonly policykl: number;
  readonly ratio_mean: number;
}

interface GoldenIndex {
  readonly tolerance: { readonly arrays: Tolerance; readonly scalars: Tolerance };
  readonly "loss.c0.2.v0.2": GoldenLoss;
  readonly "loss.c0.1.v0.5": GoldenLoss;
  readonly adaptive_kl: readonly {
    readonly init: number;
    readonly target: number;
    readonly horizon: number;
    readonly n_steps: number;
    readonly kl: readonly number[];
    readonly value_after: readonly number[];
  }[];
  readonly update: {
    readonly steps: readonly (GoldenLosses & {
      readonly rows: readonly number[];
      readonly loss: number;
      readonly entropy: number;
      readonly grad_norm: number;
    })[];
  };
  readonly running_moments: readonly {
    readonly batch: readonly number[];
    readonly mean: number;
    readonly var_population: number;
    readonly std_bessel: number;
    readonly count: number;
  }[];
}

const fixture = new Fixture(fileURLToPath(new URL("./fixtures/ppo", import.meta.url)));

/** Path of a file of the fixture. */
export function goldenPath(file: string): string {
  return `${fixture.directory}/${file}`;
}

/** Scalars, settings, tolerances. */
export const golden: GoldenIndex = fixture.json<GoldenIndex>("index.json");

/** Tolerance of arrays: float32 sums; k3 of a log-ratio of 8 is 2972, hence the relative part. */
export const ARRAYS: Tolerance = golden.tolerance.arrays;

/** Tolerance of scalars. */
export const SCALARS: Tolerance = golden.tolerance.scalars;

const tensors = fixture.tensors("ppo.safetensors");

/** An array by name. */
export function goldenArray(name: string): GoldenTensor {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`golden ppo: expected an array ${name}, got none.`);
  return tensor;
}

/** Elements of an array. */
export function goldenValues(name: string): Float64Array {
  return Float64Array.from(goldenArray(name).values);
}

/** An array as a tensor. */
export function goldenTensor<T extends tf.Tensor = tf.Tensor2D>(name: string): T {
  const { values, shape } = goldenArray(name);
  return tf.tensor(values, [...shape]) as T;
}

/** Tokens of every completion. */
const LENGTHS: readonly number[] = Array.from(goldenArray("lengths").values);

/** An `[8, 10]` array without its padding. */
export function goldenRows(name: string, lengths: readonly number[] = LENGTHS): Float64Array[] {
  const values = goldenValues(name);
  const width = goldenArray(name).shape[1] as number;
  return lengths.map((length, row) => values.slice(row * width, row * width + length));
}

/** All numbers of rows, one after the other. */
export function flat(rows: readonly ArrayLike<number>[]): number[] {
  return rows.flatMap((row) => Array.from(row));
}
