/** From the tensors that a step returns to the numbers it reports. */
import type { Scalar } from "@tensorflow/tfjs-core";
import type { StepResult } from "./step.ts";

/** What a compiled step returns; scalars. */
export interface StepTensors {
  readonly loss: Scalar;
  readonly gradNorm: Scalar;
  readonly metrics: Readonly<Record<string, Scalar>>;
}

/** Reads the numbers of a step and disposes its tensors. */
export async function readResult({ loss, gradNorm, metrics }: StepTensors): Promise<StepResult> {
  const number = async (tensor: Scalar): Promise<number> => {
    const [x] = await tensor.data();
    tensor.dispose();
    return x as number;
  };
  const named = await Promise.all(
    Object.entries(metrics).map(async ([name, metric]) => [name, await number(metric)] as const),
  );
  return {
    loss: await number(loss),
    gradNorm: await number(gradNorm),
    metrics: Object.fromEntries(named),
  };
}
