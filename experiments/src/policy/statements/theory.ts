/** Statements on the mathematics and the implementation: checked by tests, not by results. */
import type { Finding, StatementCheck } from "./check.ts";

const tested = (): Finding => ({
  outcome: "holds",
  detail: "Independent of results: the tests named here check it with every change.",
});

/** Statements 1 to 4. */
export const THEORY: readonly StatementCheck[] = [
  {
    number: 1,
    text:
      "DPO minimises -log sigmoid(β h), where h is the margin of log-ratios summed over the " +
      "completion with its end, the prompt left out. At the first step the loss is ln 2. Its " +
      "gradient is that of the paper's equation 7.",
    where:
      "packages/dpo/test/objectives/hand-values.test.ts, packages/dpo/test/train/train-dpo.test.ts, " +
      "packages/dpo/test/theory/gradient-identity.test.ts",
    check: tested,
  },
  {
    number: 2,
    text: "The reference never changes, the policy starts as the reference, and dropout is off.",
    where:
      "packages/dpo/test/train/train-dpo.test.ts, packages/dpo/test/train/config.test.ts, " +
      "packages/rlhf/test/ppo/train-ppo.test.ts",
    check: tested,
  },
  {
    number: 3,
    text:
      "With Bradley-Terry labels at utility κ r and a policy without limits, DPO ends at the " +
      "reference times exp(κ r / β), normalised, within 1e-6.",
    where: "packages/dpo/test/theory/optimum.test.ts, experiments/test/enumerable/dpo.test.ts",
    check: tested,
  },
  {
    number: 4,
    text:
      "The objective is reward minus β KL; the optimum beats any policy by β times its KL from the " +
      "optimum; Plackett-Luce with two answers is DPO.",
    where: "experiments/test/enumerable/exact.test.ts, packages/dpo/test/theory/invariance.test.ts",
    check: tested,
  },
];
