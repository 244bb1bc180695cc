/** The measurements as Markdown. Pure. */
import { modelLine, type Size } from "../engine/sizes.ts";
import { type Machine, machineLine } from "../harness/machine.ts";
import { type Column, type Failure, failureList, fixed, table } from "../harness/markdown.ts";
import { PEERS, type Peer } from "./contenders.ts";
import { SIZES, TEXT_NAMES, TEXTS } from "./sizes.ts";
import type { Comparison, Row } from "./summary.ts";

/** Everything that is written to dpo.json. */
export interface Results {
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  readonly sizes: Readonly<Record<string, Size>>;
  readonly texts: typeof TEXTS;
  readonly rows: readonly Row[];
  /** Programs that did not run, with the reason. */
  readonly failures: readonly Failure[];
}

const COLUMNS: readonly Column<Row>[] = [
  ["", ({ contender, noisyRounds }) => `${contender}${noisyRounds ? " *" : ""}`],
  ["pairs/s", ({ pairsPerSecond }) => fixed(pairsPerSecond, 1)],
  ...PEERS.map((peer): Column<Row> => [`of ${peer}`, (row) => speed(row, peer)]),
  ["peak MiB", ({ rssMiB }) => fixed(rssMiB, 0)],
  ...PEERS.map(
    (peer): Column<Row> => [
      `of ${peer}`,
      (row) => fixed(beside(row, peer)?.memory ?? null, 2, "x"),
    ],
  ),
  ["targets", ({ comparisons }) => verdict(comparisons)],
  ["difference", ({ agreement }) => scientific(agreement.difference)],
];

/** dpo.md. */
export function markdown(results: Results): string {
  const { machine, rounds, seconds, rows, failures } = results;
  const lines = [
    "# Preference-training benchmark",
    "",
    "Written by `npm run bench:dpo`: steps of DPO (forward, backward, clipping, AdamW, metrics) by",
    "`trainDpo` of `@preflab/dpo` and by TRL's DPOTrainer. Both load the same folder of random weights",
    "and train on the same token ids, which need no padding; reference log-probabilities are computed",
    "before the clock starts. `concatenated` computes a prompt for each completion, as TRL does, and",
    "`shared-prompt` once for both. TRL runs without gradient checkpointing, with fused AdamW and",
    "scaled_dot_product_attention, in float32 and under bfloat16 autocast; ours is float32.",
    "",
    "All take turns, every run in a process of its own; medians over the rounds. `peak` is the process's",
    "largest resident set, libraries included. `targets` are 2x TRL fp32 and 1.3x TRL bf16 for S and M,",
    "and no more memory than either. `difference` is the largest relative one of reference",
    "log-probabilities and of the losses of the first five steps; with more than rounding there is no",
    "ratio. A star marks what other programs disturbed in some round.",
    "",
    machineLine(machine),
    `${rounds} rounds of ${seconds} s.`,
  ];
  for (const [name, size] of Object.entries(SIZES)) {
    const own = rows.filter((row) => row.size === name);
    if (own.length === 0) continue;
    lines.push("", `## ${name}`, "", `${modelLine(size)}; ${size.batch} pairs per step.`);
    for (const texts of TEXT_NAMES) {
      const { prompt, completion } = TEXTS[texts];
      const title = `prompt ${prompt}, completions ${completion}`;
      const measured = own.filter((row) => row.texts === texts);
      lines.push(...table(title, COLUMNS, measured));
    }
  }
  lines.push(...failureList(failures));
  return `${lines.join("\n")}\n`;
}

function beside({ comparisons }: Row, peer: Peer): Comparison | undefined {
  return comparisons.find((comparison) => comparison.peer === peer);
}

function speed(row: Row, peer: Peer): string {
  return fixed(beside(row, peer)?.speed ?? null, 2, "x");
}

/** Which targets are missed; nothing where there are none. */
function verdict(comparisons: readonly Comparison[]): string {
  if (comparisons.length === 0) return "";
  const missed = comparisons.flatMap(({ peer, speed, target, memory }) => [
    ...(target !== null && !(speed !== null && speed >= target) ? [`${target}x ${peer}`] : []),
    ...(memory > 1 ? [`memory of ${peer}`] : []),
  ]);
  return missed.length === 0 ? "reached" : `missed: ${missed.join(", ")}`;
}

function scientific(value: number): string {
  return value === 0 ? "0" : value.toExponential(0);
}
