/** The measurements as Markdown. Pure. */
import { modelLine } from "../engine/sizes.ts";
import { type Machine, machineLine } from "../harness/machine.ts";
import { type Column, type Failure, failureList, fixed, table } from "../harness/markdown.ts";
import { TARGET } from "./contenders.ts";
import { PHASES, type Phase } from "./run.ts";
import { completionsOf, type PpoSize, SIZES, type SizeName, TEXTS, type Variant } from "./sizes.ts";
import type { Row } from "./summary.ts";

/** Everything that is written to ppo.json. */
export interface Results {
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  readonly sizes: Readonly<Record<string, PpoSize>>;
  readonly texts: typeof TEXTS;
  readonly rows: readonly Row[];
  /** Programs that did not run, with the reason. */
  readonly failures: readonly Failure[];
}

const COLUMNS: readonly Column<Row>[] = [
  ["", ({ variant, noisyRounds }) => `${titleOf(variant)}${isDisturbed(noisyRounds) ? " *" : ""}`],
  ["samples/s", ({ samplesPerSecond }) => fixed(samplesPerSecond.ours, 1)],
  ["transformers", ({ samplesPerSecond }) => fixed(samplesPerSecond.peer, 1)],
  ["ratio", ({ ratio }) => fixed(ratio, 2, "x")],
  ["target", ({ target }) => fixed(target, 1, "x")],
  ["reached", ({ ratio, target }) => (ratio === null ? "" : ratio >= target ? "yes" : "no")],
  ["peak MiB", ({ rssMiB }) => fixed(rssMiB.ours, 0)],
  ["transformers", ({ rssMiB }) => fixed(rssMiB.peer, 0)],
  ["tokens", ({ meanLength }) => fixed(meanLength.ours, 1)],
  ["transformers", ({ meanLength }) => fixed(meanLength.peer, 1)],
  ["difference", ({ agreement }) => agreement?.difference.toExponential(0) ?? ""],
];

/** One phase of a case. */
interface PhaseRow {
  readonly row: Row;
  readonly phase: Phase;
}

const PHASE_COLUMNS: readonly Column<PhaseRow>[] = [
  ["", ({ row, phase }) => `${titleOf(row.variant)}: ${phase}`],
  ["ms", ({ row, phase }) => fixed(row.phases[phase].ours, 0)],
  ["of the step", ({ row, phase }) => share(row.phases[phase].ours, row.ms.ours)],
  ["transformers", ({ row, phase }) => fixed(row.phases[phase].peer, 0)],
  ["of the step", ({ row, phase }) => share(row.phases[phase].peer, row.ms.peer)],
  ["ratio", (phaseRow) => fixed(phaseRatio(phaseRow), 2, "x")],
];

/** ppo.md. */
export function markdown(results: Results): string {
  const { machine, rounds, seconds, rows, failures } = results;
  const lines = [
    "# PPO benchmark",
    "",
    "Written by `npm run bench:ppo`: steps of PPO by `trainPpo` of `@preflab/rlhf` and by a plain loop",
    "with transformers and PyTorch. Both load the same folders of random weights (policy, reference,",
    "reward model) and sample as many completions of the same prompts with the same settings: penalty",
    "k1, GAE, whitened advantages, clipped policy and value losses, clipping, AdamW. The peer's loop",
    "generates with a key-value cache for all prompts at once, measures under inference_mode in one",
    "batch, computes logits for completions alone, and uses scaled_dot_product_attention, a fused GELU",
    "and the fused AdamW. Both are float32.",
    "",
    "`separate`: the value function is a model of its own, which begins as the reward model; `shared`:",
    "a head on the policy. `full`: all completions are as long as they may be; `ending`: they end by",
    "themselves, at random lengths. `samples/s` counts completions, from sampling to the last update;",
    "`rollout` is sampling, `score` the reward model, `measure` what policy, values and reference say",
    "of the completions, `update` the passes of the optimizer.",
    "",
    "Both take turns, every run in a process of its own; medians over the rounds. `peak` is the",
    "process's largest resident set, libraries included. `tokens` is the mean length of a completion.",
    "`difference` is the largest relative one of what both compute of given texts: scores,",
    "log-probabilities, losses and gradient norms of two updates; with more than rounding there is no",
    `ratio. The target is ${TARGET}x. A star marks what other programs disturbed in some round.`,
    "",
    machineLine(machine),
    `${rounds} rounds of ${seconds} s.`,
  ];
  for (const name of Object.keys(SIZES) as SizeName[]) {
    const own = rows.filter(({ size }) => size === name);
    if (own.length === 0) continue;
    const phases = own.flatMap((row) => PHASES.map((phase): PhaseRow => ({ row, phase })));
    lines.push("", `## ${name}`, "", sizeLine(name));
    lines.push(...table("Step", COLUMNS, own), ...table("Phase", PHASE_COLUMNS, phases));
  }
  lines.push(...failureList(failures));
  return `${lines.join("\n")}\n`;
}

/** A case in a few words. */
export function titleOf({ trunk, ending }: Variant): string {
  return `${trunk}, ${ending}`;
}

function sizeLine(name: SizeName): string {
  const { promptLength, newTokens, samples } = TEXTS;
  return (
    `${modelLine(SIZES[name])}; ${completionsOf(name)} completions per step, ${samples} of each ` +
    `prompt of ${promptLength} tokens, up to ${newTokens} tokens; 4 passes of 4 minibatches.`
  );
}

function phaseRatio({ row, phase }: PhaseRow): number | null {
  const { ours, peer } = row.phases[phase];
  return row.agreement?.isSame && ours && peer ? peer / ours : null;
}

function share(part: number | null, whole: number | null): string {
  return part !== null && whole ? `${((100 * part) / whole).toFixed(0)} %` : "";
}

function isDisturbed({ ours, peer }: Row["noisyRounds"]): boolean {
  return (ours ?? 0) + (peer ?? 0) > 0;
}
