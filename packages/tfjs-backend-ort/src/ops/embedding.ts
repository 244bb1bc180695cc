/** Rows of a table by index, with a gradient on backends that cannot add by segment. */

import type { Tensor1D, Tensor2D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import { withGradient } from "./fused.ts";
import { oneHotFloat } from "./one-hot.ts";

/**
 * `table[ids[n]]` for every n.
 * @param table `[V, D]`
 * @param ids `[N]` int32, in `[0, V)`
 * @returns `[N, D]`
 */
export function embedding(table: Tensor2D, ids: Tensor1D): Tensor2D {
  return withGradient<Tensor2D>([table], (save) => {
    const [rows] = table.shape;
    save([ids]);
    return {
      value: tf.gather(table, ids),
      gradFunc: (dy, saved) => {
        const [ids] = saved as [Tensor1D];
        if (tf.getKernel("UnsortedSegmentSum", tf.getBackend())) {
          return [tf.unsortedSegmentSum(dy, ids, rows)];
        }
        return [tf.matMul(oneHotFloat(ids, rows), dy, true, false)];
      },
    };
  });
}
