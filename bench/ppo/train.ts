/**
 * Steps of `trainPpo`, all that it does around them included. Prints a {@link Run}. Arguments: folder,
 * seconds, trunk.
 */
import process from "node:process";
import type { StepMetrics } from "@preflab/lm";
import { trainPpo } from "@preflab/rlhf";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import { measure } from "../harness/measure.ts";
import { median } from "../harness/statistics.ts";
import { stepwise } from "../harness/stepwise.ts";
import { check, configOf, loadLearner } from "./learner.ts";
import { PHASES, type Run } from "./run.ts";
import { TRUNKS } from "./sizes.ts";
import { readInputs } from "./subject.ts";

/** Steps that are measured however long they take: one may be a minute. */
const FEWEST = 1;

const [folder, seconds, name] = process.argv.slice(2) as [string, string, string];
const trunk = TRUNKS.find((trunk) => trunk === name) ?? "separate";
await selectBackend("ort");
const inputs = readInputs(folder);
const config = configOf(inputs, trunk);
const { model, reference, reward } = await loadLearner(folder, config);
const prompts = inputs.prompts.map((ids) => ({ ids, text: null }));
const next = stepwise((hooks) =>
  trainPpo(model, { prompts, reward, decode: null, reference }, config, {
    ...hooks,
    clock: () => performance.now(),
  }),
);
const steps: StepMetrics[] = [];
const measured = await measure(async () => void steps.push(await next()), Number(seconds), FEWEST);
const counted = steps.slice(-measured.steps);
const medianOf = (metric: string) => median(counted.map((step) => step[metric] as number));
const phases = PHASES.map((phase) => [phase, medianOf(`time/${phase}`)] as const);
const run: Run = {
  ...measured,
  phases: Object.fromEntries(phases) as Run["phases"],
  meanLength: medianOf("length/mean"),
  check: await check(await loadLearner(folder, config), inputs, config),
};
process.stdout.write(`${JSON.stringify(run)}\n`);
process.exit(0);
