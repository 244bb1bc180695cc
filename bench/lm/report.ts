/** The measurements as Markdown. Pure. */
import { modelLine, type Size } from "../engine/sizes.ts";
import { type Machine, machineLine } from "../harness/machine.ts";
import { type Column, type Failure, failureList, fixed, table } from "../harness/markdown.ts";
import type { MemoryResult } from "./memory.ts";
import { GENERATION, SIZES } from "./sizes.ts";
import type { Row } from "./summary.ts";

/** Everything that is written to lm.json. */
export interface Results {
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  readonly sizes: Readonly<Record<string, Size>>;
  readonly generation: typeof GENERATION;
  readonly rows: readonly Row[];
  /** Peaks of log-probabilities with gradients, if measured. */
  readonly memory: MemoryResult | null;
  /** Programs that did not run, with the reason. */
  readonly failures: readonly Failure[];
}

const COLUMNS: readonly Column<Row>[] = [
  ["", ({ title, noisyRounds }) => `${title}${noisyRounds.ours || noisyRounds.peer ? " *" : ""}`],
  ["tokens/s", ({ tokensPerSecond }) => fixed(tokensPerSecond.ours, 0)],
  ["transformers", ({ tokensPerSecond }) => fixed(tokensPerSecond.peer, 0)],
  ["ratio", ({ ratio }) => fixed(ratio, 2, "x")],
  ["target", ({ target }) => fixed(target, 1, "x")],
  ["reached", ({ ratio, target }) => reached(ratio, target)],
  ["peak MiB", ({ rssMiB }) => fixed(rssMiB.ours, 0)],
  ["transformers", ({ rssMiB }) => fixed(rssMiB.peer, 0)],
  ["difference", ({ agreement }) => scientific(agreement?.difference)],
];

/** lm.md. */
export function markdown(results: Results): string {
  const { machine, rounds, seconds, rows, memory, failures } = results;
  const { promptLength, newTokens } = GENERATION;
  const lines = [
    "# Language-model benchmark",
    "",
    "Written by `npm run bench:lm`: `@preflab/lm` and Hugging Face transformers load the same folder",
    "of random weights and take turns, every job in a process of its own. Medians over the rounds.",
    "Everything is float32; transformers uses scaled_dot_product_attention, is not compiled, and runs",
    "under inference_mode but for training. `ratio` is our tokens per second over theirs.",
    "",
    "`SFT step`: forward, backward, clipping, AdamW; on their side its fused version, without a",
    `trainer around. \`generate N\`: N prompts of ${promptLength} tokens, ${newTokens} new ones each, prompts included in the`,
    "time. `score`: log-probabilities of the training batch; theirs through log_softmax of all logits.",
    "`peak` is the process's largest resident set. `difference` is the largest relative one of the first",
    "losses or of the log-probabilities, or the share of greedy tokens that differ; with more than",
    "rounding there is no ratio. A star marks jobs that other programs disturbed in some round.",
    "",
    machineLine(machine),
    `${rounds} rounds of ${seconds} s.`,
  ];
  for (const [name, size] of Object.entries(SIZES)) {
    const own = rows.filter((row) => row.size === name);
    if (own.length === 0) continue;
    lines.push("", `## ${name}`, "", describe(size), ...table("Task", COLUMNS, own));
  }
  if (memory) lines.push(...memorySection(memory));
  lines.push(...failureList(failures));
  return `${lines.join("\n")}\n`;
}

function describe(size: Size): string {
  return `${modelLine(size)}; training and scoring of ${size.batch} sequences of ${size.length} tokens.`;
}

function memorySection(memory: MemoryResult): string[] {
  const { batch, length, vocabulary, width, piecesMegabytes, atOnceMegabytes } = memory;
  return [
    "",
    "## Memory of log-probabilities",
    "",
    `Of ${batch} sequences of ${length} tokens over a vocabulary of ${vocabulary}, from hidden states of width`,
    `${width} on, with the gradients: ${fixed(piecesMegabytes, 0)} MB at the peak in pieces, as \`tokenLogps\` computes`,
    `them; ${fixed(atOnceMegabytes, 0)} MB with all logits at once, ${fixed(atOnceMegabytes / piecesMegabytes, 1)} times as much.`,
  ];
}

function scientific(value: number | undefined): string {
  return value === undefined ? "" : value === 0 ? "0" : value.toExponential(0);
}

function reached(ratio: number | null, target: number | null): string {
  if (ratio === null || target === null) return "";
  return ratio >= target ? "yes" : "no";
}
