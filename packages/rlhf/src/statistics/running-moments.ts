/** Mean and deviation of a stream of numbers, without keeping them. */

/** What a checkpoint holds of {@link RunningMoments}. */
export interface RunningState {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared differences from the mean. */
  readonly squares: number;
}

/**
 * Moments of all batches so far, by the parallel update of Chan, Golub and LeVeque 1979; as in trlx,
 * which scales scores by them, deviations have Bessel's correction.
 */
export class RunningMoments {
  #state: RunningState;

  /** @param state to go on from; default: no numbers yet */
  constructor(state: RunningState = { count: 0, mean: 0, squares: 0 }) {
    this.#state = state;
  }

  /** What to make another one from. */
  get state(): RunningState {
    return this.#state;
  }

  /** Of all numbers so far; 0 without any. */
  get mean(): number {
    return this.#state.mean;
  }

  /** Sample deviation of all numbers so far; 0 for fewer than 2. */
  get deviation(): number {
    const { count, squares } = this.#state;
    return count < 2 ? 0 : Math.sqrt(squares / (count - 1));
  }

  /** Takes a batch in. */
  update(batch: ArrayLike<number>): void {
    const { count, mean, squares } = this.#state;
    const values = Array.from(batch);
    if (values.length === 0) return;
    const own = values.reduce((sum, x) => sum + x, 0) / values.length;
    const spread = values.reduce((sum, x) => sum + (x - own) ** 2, 0);
    const total = count + values.length;
    const distance = own - mean;
    this.#state = {
      count: total,
      mean: mean + (distance * values.length) / total,
      squares: squares + spread + (distance ** 2 * count * values.length) / total,
    };
  }
}
