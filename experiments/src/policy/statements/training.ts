/** Statements on how methods are trained and measured, which hold for any study of policies. */
import { finalEvaluation, type RunResult } from "../../study/results.ts";
import { completionsPerStep } from "../methods/ppo-settings.ts";
import { GROUP } from "../methods/specs.ts";
import {
  type CheckedStudy,
  digits,
  type Finding,
  holdsIf,
  isRecorded,
  notApplicable,
  type StatementCheck,
} from "./check.ts";

/** What the paper did, as far as it says. */
const PAPER = {
  batchSize: 64,
  warmupSteps: 150,
  ppoSamples: 1024,
  evaluateEvery: 100,
} as const;

/** Statements 12 to 15. @param experiment as commands call it */
export function trainingStatements(experiment: string): readonly StatementCheck[] {
  return [
    {
      number: 12,
      text:
        "DPO trains with RMSprop on batches of 64 pairs, with 150 steps of warm-up; another learning " +
        "rate is recorded.",
      where: "the table of deviations",
      check: ({ results, facts: { settings } }) => {
        const { batchSize, warmupSteps, steps } = settings.direct;
        const isRateRecorded = isRecorded(results, "learning rate");
        return holdsIf(
          batchSize === PAPER.batchSize && warmupSteps === PAPER.warmupSteps && isRateRecorded,
          `RMSprop, batches of ${batchSize}, ${warmupSteps} of ${steps} steps of warm-up; the ` +
            `learning rate is ${isRateRecorded ? "" : "not "}among the deviations.`,
        );
      },
    },
    {
      number: 13,
      text:
        "PPO samples 1024 completions a step, or says how many; the sequence KL drives its " +
        "controller; the KL that it reaches is reported with the target.",
      where: "packages/rlhf/test/kl/controller.test.ts, the figure of achieved against target KL",
      check: targets,
    },
    {
      number: 14,
      text:
        "Policies are evaluated at least every 100 steps on test prompts: gold reward, sequence KL " +
        "and learned reward. A step of PPO is one batch of rollouts.",
      where: "the learning curves",
      check: ({ results: { runs }, facts: { settings } }) => {
        const { direct, ppo } = settings;
        const every = [direct.evalEvery, ...Object.values(ppo).map(({ evalEvery }) => evalEvery)];
        const evaluations = runs.flatMap((run) => run.evaluations);
        const lacking = evaluations.filter(({ proxy }) => proxy === undefined).length;
        return holdsIf(
          Math.max(...every) <= PAPER.evaluateEvery && lacking === 0 && evaluations.length > 0,
          `Every ${direct.evalEvery} steps, PPO every ${ppo.learned.evalEvery} steps of rollouts; ` +
            `${evaluations.length} evaluations, ${lacking} of them without the learned reward.`,
        );
      },
    },
    {
      number: 15,
      text:
        "Labels and queries of the gold reward, queries of the learned one, tokens and operations are " +
        "reported for every run, and the tuning budget of every method: as many configurations each.",
      where: `the table of costs, preflab tune --experiment ${experiment}`,
      check: costs,
    },
  ];
}

/** Statement 22. @param unstated items that the paper leaves open */
export function deviationsStatement(unstated: readonly string[]): StatementCheck {
  return {
    number: 22,
    text:
      "The table of deviations covers everything that the paper leaves open; no number here is " +
      "printed as one of the paper's.",
    where: "the table of deviations",
    check: ({ results }) => {
      const missing = unstated.filter((item) => !isRecorded(results, item));
      return holdsIf(
        missing.length === 0,
        missing.length === 0
          ? `All ${unstated.length} open points are among ${results.deviations.length} rows.`
          : `Not in the table: ${missing.join(", ")}.`,
      );
    },
  };
}

function targets({ results, facts: { settings } }: CheckedStudy): Finding {
  const groups: readonly string[] = [GROUP.ppo, GROUP.gold, GROUP.untuned];
  const runs = results.runs.filter(({ group }) => groups.includes(group));
  if (runs.length === 0) return notApplicable("There are no runs of PPO.");
  const ratios = runs.flatMap((run) => {
    const achieved = achievedKl(run);
    return run.target_kl === undefined || achieved === null ? [] : [achieved / run.target_kl];
  });
  const samples = Object.values(settings.ppo).map(completionsPerStep);
  const isStated =
    samples.every((count) => count === PAPER.ppoSamples) ||
    isRecorded(results, "samples per step of PPO");
  return holdsIf(
    ratios.length === runs.length && isStated,
    `${ratios.length} of ${runs.length} runs report both; KL reached is ` +
      `${digits(Math.min(...ratios))} to ${digits(Math.max(...ratios))} times the target; ` +
      `${[...new Set(samples)].join(" or ")} completions a step.`,
  );
}

/** KL at the end, on rollouts where it is known. */
function achievedKl(run: RunResult): number | null {
  const final = finalEvaluation(run);
  return final?.rollout_kl ?? final?.kl ?? null;
}

function costs({ results, facts: { tuning } }: CheckedStudy): Finding {
  // Models that are measured as they are have no other step than their first.
  const trained = results.runs.filter(
    (run) => run.group !== results.labels.reference && finalEvaluation(run)?.step !== 0,
  );
  const without = trained.filter(
    ({ costs: { train_tokens, flops, gold_labels, gold_queries } }) =>
      !(train_tokens > 0 && flops > 0 && gold_labels + gold_queries > 0),
  );
  const budget =
    tuning === null
      ? "the methods were not tuned on this task"
      : `${tuning.candidates.length} configurations of every method, no run of them above ` +
        `${digits(tuning.flopsCap / 1e12)} TFLOP, see reports/${results.experiment}/tuning`;
  const missing =
    without.length === 0 ? "" : `; none for ${without.map(({ id }) => id).join(", ")}`;
  return holdsIf(
    without.length === 0 && tuning !== null,
    `Costs of ${trained.length - without.length} of ${trained.length} runs${missing}; ${budget}.`,
  );
}
