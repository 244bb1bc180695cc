/** The angles of rotary positions. The rotation itself is an operation of the backend package. */

import type { Tensor2D, Tensor3D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { Position, RotaryScaling } from "./config.ts";

/** Settings of rotary positions. */
export type RotaryPosition = Extract<Position, { kind: "rotary" }>;

/** Cosines and sines of the angle of every token and pair of elements, `[B, T, R / 2]`. */
export interface Angles {
  readonly cos: Tensor3D;
  readonly sin: Tensor3D;
}

/** Angles at `positions` `[B, T]` int32. */
export function anglesAt(rotary: RotaryPosition, positions: Tensor2D): Angles {
  const frequencies = tf.tensor1d(inverseFrequencies(rotary)); // [R / 2]
  const angles = tf.mul(tf.expandDims(tf.cast(positions, "float32"), 2), frequencies) as Tensor3D;
  return { cos: tf.cos(angles), sin: tf.sin(angles) };
}

/**
 * Radians per position of each pair, `[R / 2]`: `base^(-2 i / R)`, Su et al. 2021
 * (arXiv:2104.09864), section 3.2.2, then scaled. Rounded where float32 arithmetic rounds, because
 * that is what models were trained with: far positions multiply the difference.
 */
export function inverseFrequencies({ base, rotaryWidth, scaling }: RotaryPosition): Float32Array {
  return Float32Array.from({ length: rotaryWidth / 2 }, (_, i) => {
    const power = Math.fround(base ** Math.fround((2 * i) / rotaryWidth));
    return scaled(Math.fround(1 / power), scaling);
  });
}

function scaled(frequency: number, scaling: RotaryScaling | null): number {
  if (scaling === null) return frequency;
  const slow = frequency / scaling.factor;
  if (scaling.kind === "linear") return slow;
  const { lowFactor, highFactor, originalPositions } = scaling;
  /** How often the pair turns within the context it was trained with. */
  const turns = (originalPositions * frequency) / (2 * Math.PI);
  if (turns < lowFactor) return slow;
  if (turns > highFactor) return frequency;
  const share = (turns - lowFactor) / (highFactor - lowFactor);
  return (1 - share) * slow + share * frequency;
}
