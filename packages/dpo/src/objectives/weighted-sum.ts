/** Several objectives on the same pairs, minimised together. */

import { ConfigError } from "@preflab/lm";
import type { Tensor1D } from "@tensorflow/tfjs-core";
import * as tf from "@tensorflow/tfjs-core";
import type { ConfiguredPair, PairResult } from "./objective.ts";
import { number } from "./options.ts";
import { type AnyObjective, OBJECTIVES, parseObjective } from "./registry.ts";

const WEIGHT = number(1, { above: 0 });

/** An objective and how much it counts. */
interface Term {
  readonly objective: ConfiguredPair;
  readonly weight: number;
}

/**
 * The weighted sum that untrusted settings describe: `sum_k weight_k loss_k`. Rewards are those of
 * the first objective, whose beta may differ from the others'. Where one of them sorts the batch,
 * losses do not belong to rows; their mean is right all the same.
 * @param raw `[{name, weight, ...options}]`, at least one; weights above 0, default 1
 * @param objectives see {@link parseObjective}
 * @throws ConfigError, also for objectives that are not about pairs
 */
export function parseWeightedSum(
  raw: unknown,
  objectives: readonly AnyObjective[] = OBJECTIVES,
): ConfiguredPair {
  if (!Array.isArray(raw) || raw.length === 0) {
    throw new ConfigError(
      `objectives: expected a list of objects with a name, got ${JSON.stringify(raw)}.`,
    );
  }
  const terms = raw.map((term: unknown) => parseTerm(term, objectives));
  return {
    kind: "pair",
    name: terms.map(({ objective }) => objective.name).join("+"),
    options: {
      objectives: terms.map(({ objective, weight }) => ({
        name: objective.name,
        weight,
        ...objective.options,
      })),
    },
    usesReference: terms.some(({ objective }) => objective.usesReference),
    batchLevel: terms.some(({ objective }) => objective.batchLevel),
    evaluate: (logps) => {
      const results = terms.map(({ objective }) => objective.evaluate(logps));
      const weighted = terms.map(({ weight }, k) =>
        tf.mul((results[k] as PairResult).losses, weight),
      );
      const { chosenRewards, rejectedRewards } = results[0] as PairResult;
      return { losses: tf.addN(weighted) as Tensor1D, chosenRewards, rejectedRewards };
    },
  };
}

function parseTerm(raw: unknown, objectives: readonly AnyObjective[]): Term {
  const { weight = WEIGHT.default, ...settings } = asObject(raw);
  const read = WEIGHT.read(weight);
  if (read === undefined) {
    throw new ConfigError(
      `objectives: expected weight to be ${WEIGHT.allowed}, got ${JSON.stringify(weight)}.`,
    );
  }
  const objective = parseObjective(settings, objectives);
  if (objective.kind === "pair") return { objective, weight: read };
  throw new ConfigError(
    `objectives: expected objectives on pairs, got ${objective.name}, which takes ` +
      `${objective.kind} responses.`,
  );
}

function asObject(raw: unknown): Readonly<Record<string, unknown>> {
  if (typeof raw === "object" && raw !== null) return raw as Readonly<Record<string, unknown>>;
  throw new ConfigError(
    `objectives: expected objects with a name and options, got ${JSON.stringify(raw)}.`,
  );
}
