/** The golden optimizer trajectories of ../fixtures/optim as typed objects. */
import { fileURLToPath } from "node:url";
import { adamEpsilonHat, adamL2, adamw, type OptimizerRule, rmsprop, sgd } from "@preflab/lm";
import { Fixture } from "@preflab/testing";

/** Settings as the fixture writes them, in torch's names. */
interface Settings {
  readonly lr?: number;
  readonly betas?: [number, number];
  readonly eps?: number;
  readonly weight_decay?: number;
  readonly alpha?: number;
  readonly momentum?: number;
  readonly centered?: boolean;
  readonly max_grad_norm?: number;
}

/** One trajectory. */
export interface GoldenEntry {
  readonly name: string;
  readonly source: string;
  readonly settings: Settings;
  readonly grad_norms: readonly number[] | null;
  /** One rate where it is constant, else one per step. */
  readonly lrs: readonly number[];
}

interface GoldenIndex {
  readonly steps: number;
  readonly tolerance: { readonly params: { readonly atol: number; readonly rtol: number } };
  readonly entries: readonly GoldenEntry[];
  readonly schedules: Readonly<
    Record<string, { readonly lr: number; readonly values: readonly number[] }>
  >;
}

const fixture = new Fixture(fileURLToPath(new URL("../fixtures/optim", import.meta.url)));

/** The index file. */
export const golden: GoldenIndex = fixture.json<GoldenIndex>("index.json");

const tensors = fixture.tensors("optim.safetensors");

/** A tensor of the fixture. */
export function goldenTensor(name: string): { shape: number[]; data: Float32Array } {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`golden optim: expected tensor ${name}, got none.`);
  return { shape: [...tensor.shape], data: tensor.values as Float32Array };
}

/** Our rule for an entry. */
export function ruleOf({ name, settings }: GoldenEntry): OptimizerRule {
  const { betas, eps, weight_decay: weightDecay = 0, alpha, momentum = 0, centered } = settings;
  const adam = { ...(betas && { betas }), ...(eps !== undefined && { eps }), weightDecay };
  if (name.startsWith("adamw")) return adamw(adam);
  if (name.startsWith("adam_l2")) return adamL2(adam);
  if (name.startsWith("tf_adam")) return adamEpsilonHat(adam);
  if (name.startsWith("sgd")) return sgd({ momentum, weightDecay });
  if (name.startsWith("rmsprop")) {
    return rmsprop({
      momentum,
      weightDecay,
      ...(alpha !== undefined && { alpha }),
      ...(eps !== undefined && { eps }),
      ...(centered !== undefined && { centered }),
    });
  }
  throw new Error(`golden optim: expected a known optimizer, got ${name}.`);
}

/** Learning rate of step `t`, from 0. */
export function rateOf({ lrs }: GoldenEntry, t: number): number {
  return (lrs.length === 1 ? lrs[0] : lrs[t]) as number;
}
