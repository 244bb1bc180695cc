/** Everything that is measured, and the command that measures it in a process of its own. */

import { type Command, nodeCommand, pythonCommand } from "../harness/processes.ts";
import { DECODE, SIZES, type SizeName } from "./sizes.ts";

/** What a contender is measured for. */
export type Task = "train" | "decode" | "gemm";

/** One way to do a task. */
export interface Contender {
  readonly id: string;
  readonly task: Task;
  /** Who computes. `ort` is this workspace. */
  readonly group: "ort" | "wasm" | "torch";
  readonly sizes: readonly SizeName[];
  readonly command: (size: SizeName, seconds: number, host: Host) => Command;
}

/** What the commands need to know of the machine. */
export interface Host {
  readonly python: string | null;
  readonly threads: number;
}

const ALL: readonly SizeName[] = ["S", "M", "L", "G"];

/** In the order in which they take turns. */
export const CONTENDERS: readonly Contender[] = [
  { id: "ort gemm", task: "gemm", group: "ort", sizes: ALL, command: script("gemm.ts") },
  ours("ort", "fused", "auto"),
  ours("ort one-graph", "fused", "one-graph"),
  ours("ort flat", "fused", "flat"),
  ours("ort plain ops", "plain", "auto"),
  {
    // One step takes seconds at S and half a minute at M.
    ...ours("tfjs wasm", "plain", "one-graph", "wasm"),
    group: "wasm",
    sizes: ["S"],
  },
  torch("torch fp32", "eager", "fp32"),
  torch("torch fp32 compile", "compile", "fp32"),
  torch("torch bf16", "eager", "bf16"),
  torch("torch bf16 compile", "compile", "bf16"),
  decoder("ort decode, variables", "variables"),
  decoder("ort decode, feeds", "feeds"),
  torchDecoder("torch decode, fixed cache", "fixed"),
  torchDecoder("torch decode, growing cache", "growing"),
];

/** What others are compared with. */
export const BASELINE: Readonly<Record<Task, string>> = {
  train: "torch fp32",
  decode: "torch decode, growing cache",
  gemm: "ort gemm",
};

function ours(
  id: string,
  ops: "fused" | "plain",
  mode: "one-graph" | "flat" | "auto",
  backend: "ort" | "wasm" = "ort",
): Contender {
  return {
    id,
    task: "train",
    group: "ort",
    sizes: ALL,
    command: script("train.ts", backend, ops, mode),
  };
}

function decoder(id: string, cache: "variables" | "feeds"): Contender {
  return { id, task: "decode", group: "ort", sizes: ALL, command: script("decode.ts", cache) };
}

function torch(id: string, mode: "eager" | "compile", precision: "fp32" | "bf16"): Contender {
  return {
    id,
    task: "train",
    group: "torch",
    sizes: ALL,
    command: (size, seconds, host) =>
      python(host, "train.py", SIZES[size], seconds, mode, precision),
  };
}

function torchDecoder(id: string, cache: "fixed" | "growing"): Contender {
  return {
    id,
    task: "decode",
    group: "torch",
    sizes: ALL,
    command: (name, seconds, host) => {
      const size = { ...SIZES[name], batch: DECODE.batch };
      return python(host, "decode.py", size, seconds, `${DECODE.tokens}`, cache);
    },
  };
}

function script(file: string, ...args: readonly string[]): Contender["command"] {
  const url = new URL(file, import.meta.url);
  return (size, seconds) => nodeCommand(url, size, `${seconds}`, ...args);
}

function python(
  { python, threads }: Host,
  file: string,
  size: object,
  seconds: number,
  ...args: readonly string[]
): Command {
  return pythonCommand(python, file, JSON.stringify(size), `${seconds}`, `${threads}`, ...args);
}
