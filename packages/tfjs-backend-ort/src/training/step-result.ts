/** From the tensors that a step returns to the numbers it reports. */
import type { Scalar } from "@tensorflow/tfjs-core";
import type { BatchResult } from "./step.ts";

/** What a compiled step returns. */
export interface StepTensors {
  readonly loss: Scalar;
  readonly gradNorm: Scalar;
  readonly metrics: Readonly<Record<string, Scalar>>;
}

/** The numbers of a step before it is known whether they change anything. */
export interface StepNumbers extends BatchResult {
  readonly gradNorm: number;
}

/** Reads the numbers of a batch and disposes its tensors. */
export async function readBatch({
  loss,
  metrics,
}: Pick<StepTensors, "loss" | "metrics">): Promise<BatchResult> {
  const named = await Promise.all(
    Object.entries(metrics).map(
      async ([name, metric]) => [name, await readScalar(metric)] as const,
    ),
  );
  return { loss: await readScalar(loss), metrics: Object.fromEntries(named) };
}

/** Reads the numbers of a step and disposes its tensors. */
export async function readStep(tensors: StepTensors): Promise<StepNumbers> {
  const gradNorm = await readScalar(tensors.gradNorm);
  return { ...(await readBatch(tensors)), gradNorm };
}

/** Reads a number and disposes its tensor. */
export async function readScalar(tensor: Scalar): Promise<number> {
  const [x] = await tensor.data();
  tensor.dispose();
  return x as number;
}

/** Whether a step with these numbers can be applied. */
export function isFiniteStep({ loss, gradNorm }: Omit<StepNumbers, "metrics">): boolean {
  return Number.isFinite(loss) && Number.isFinite(gradNorm);
}
