/** The measurements as Markdown. Pure. */
import { type Machine, machineLine } from "../harness/machine.ts";
import { type Column, type Failure, failureList, fixed, table } from "../harness/markdown.ts";
import type { Task } from "./contenders.ts";
import { modelLine, SIZES, type Size } from "./sizes.ts";
import type { Row } from "./summary.ts";

/** Everything that is written to engine.json. */
export interface Results {
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  readonly sizes: Readonly<Record<string, Size>>;
  readonly rows: readonly Row[];
  /** Contenders that did not run, with the reason. */
  readonly failures: readonly Failure[];
}

const TIMES: readonly Column<Row>[] = [
  ["", ({ id, noisyRounds }) => `${id}${noisyRounds > 0 ? " *" : ""}`],
  ["ms", ({ ms }) => ms.toFixed(ms < 100 ? 1 : 0)],
  ["faster", ({ speedup }) => fixed(speedup, 2, "x")],
];

const COLUMNS: Readonly<Record<Exclude<Task, "gemm">, readonly Column<Row>[]>> = {
  train: [
    ...TIMES,
    ["GFLOPS", ({ gflops }) => fixed(gflops, 0)],
    [
      "of GEMM rate",
      ({ gemmShare }) => (gemmShare === null ? "" : `${fixed(100 * gemmShare, 0)} %`),
    ],
    ["peak MiB", ({ rssMiB }) => fixed(rssMiB, 0)],
    ["memory", ({ memory }) => fixed(memory, 2, "x")],
    ["first loss", ({ losses }) => fixed(losses[0] ?? null, 6)],
    ["loss error", ({ lossError }) => lossError?.toExponential(0) ?? ""],
  ],
  decode: [
    ...TIMES,
    ["tokens/s", ({ tokensPerSecond }) => fixed(tokensPerSecond, 0)],
    ["peak MiB", ({ rssMiB }) => fixed(rssMiB, 0)],
    ["memory", ({ memory }) => fixed(memory, 2, "x")],
  ],
};

/** engine.md. */
export function markdown({ machine, rounds, seconds, rows, failures }: Results): string {
  const lines = [
    "# Engine benchmark",
    "",
    "Written by `npm run bench:engine`. Medians over interleaved rounds; every contender in a",
    "process of its own. `faster` is the time of PyTorch in fp32 over the contender's, `memory` its",
    "peak resident set over PyTorch's. The GEMM rate is ONNX Runtime's on the step's own weight",
    "products, each run alone. The loss error is the largest relative difference of the first",
    "three losses from PyTorch's, from the same weights and data. A star marks contenders that",
    "other programs disturbed in some round.",
    "",
    machineLine(machine),
    `${rounds} rounds of ${seconds} s.`,
  ];
  for (const [name, size] of Object.entries(SIZES)) {
    const own = rows.filter((row) => row.size === name);
    if (own.length > 0) lines.push("", `## ${name}`, "", describe(size), ...tables(own));
  }
  lines.push(...failureList(failures));
  return `${lines.join("\n")}\n`;
}

function describe(size: Size): string {
  return `${modelLine(size)}; training on ${size.batch} sequences of ${size.length} tokens.`;
}

function tables(rows: readonly Row[]): string[] {
  const gemm = rows.find(({ task }) => task === "gemm");
  const train = rows.filter(({ task }) => task === "train");
  const decode = rows.filter(({ task }) => task === "decode");
  return [
    ...(gemm ? ["", `Matrix products alone: ${fixed(gemm.gflops, 0)} GFLOPS.`] : []),
    ...table("Training step", COLUMNS.train, train),
    ...table("Decoding 64 x 60 tokens", COLUMNS.decode, decode),
  ];
}
