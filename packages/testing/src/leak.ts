/** Counts the tensors that a piece of code leaves behind. */
import { memory } from "@tensorflow/tfjs-core";

/**
 * Runs `body` and returns how many more tensors live afterwards: 0 when all were disposed,
 * negative when `body` disposed tensors that were there before it. Tensors that `body` returns
 * count as left behind.
 */
export async function leakedTensors(body: () => unknown): Promise<number> {
  const before = memory().numTensors;
  await body();
  return memory().numTensors - before;
}
