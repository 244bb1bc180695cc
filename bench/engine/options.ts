/** The command line of `npm run bench:engine`. */
import { parseArgs } from "node:util";
import {
  type CommonOptions,
  commonArguments,
  list,
  namesOf,
  readCommon,
} from "../harness/arguments.ts";
import { CONTENDERS, type Contender } from "./contenders.ts";
import { SIZE_NAMES, type SizeName } from "./sizes.ts";

/** What to measure, and how. */
export interface Options extends CommonOptions {
  readonly sizes: readonly SizeName[];
  readonly contenders: readonly Contender[];
}

/** What `--help` prints. */
export function helpText(): string {
  return `Usage: npm run bench:engine -- [options]

Measures training steps (forward, backward, Adam) and decoding of GPT-2 style models of the sizes
${SIZE_NAMES.join(", ")}: this workspace on ONNX Runtime, tfjs on wasm, and PyTorch where a Python has it. Each
contender runs in a process of its own; all take turns, so that drift of the machine hits all.
Runs during which other programs kept the processors busy are repeated, and marked if they stay so.

  --python PATH    a Python with torch (pip install -r bench/peers/requirements.txt)
  --configs LIST   sizes, default S,M,L,G
  --rounds N       turns of each contender, default 3
  --seconds N      measuring time of a turn, default 6
  --peers LIST     contenders whose name contains one of these, for example "ort,torch fp32"
  --out DIR        where engine.json and engine.md go, default bench/results
  --help           this text

Contenders: ${CONTENDERS.map(({ id }) => id).join("; ")}.

Everything with 3 rounds takes about 40 minutes. A first look, 2 minutes:
  npm run bench:engine -- --configs S,M --rounds 1 --peers "ort one-graph,torch fp32"
`;
}

/**
 * Reads the command line.
 * @throws for unknown options, sizes, contenders and numbers below 1
 */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...commonArguments(3, 6),
      configs: { type: "string", default: SIZE_NAMES.join() },
      peers: { type: "string", default: "" },
    },
  });
  return {
    ...readCommon(values),
    sizes: namesOf("--configs", "sizes", values.configs, SIZE_NAMES),
    contenders: select(list(values.peers)),
  };
}

function select(parts: readonly string[]): readonly Contender[] {
  if (parts.length === 0) return CONTENDERS;
  for (const part of parts) {
    if (CONTENDERS.some(({ id }) => id.includes(part))) continue;
    const ids = CONTENDERS.map(({ id }) => id).join("; ");
    throw new Error(`--peers: expected parts of "${ids}", got "${part}".`);
  }
  return CONTENDERS.filter(({ id }) => parts.some((part) => id.includes(part)));
}
