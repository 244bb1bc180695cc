/** What a run of best-of-n writes: a line for each prompt, and results that are made of these lines. */
import {
  type BestOfNResult,
  bestCompletion,
  bestOfNSummary,
  type PolicyPrompt,
  type Pool,
  type PoolNumbers,
} from "@preflab/rlhf";
import { CommandError } from "../errors.ts";
import type { JsonlRow } from "../jsonl.ts";
import { alignedRows } from "../output.ts";

/** results.json, by the names that it has there. */
export interface BestOfNResults {
  readonly prompts: number;
  /** Completions of each prompt. */
  readonly samples: number;
  /** Completions scored; those of the gold reward are what it costs. */
  readonly queries: { readonly reward: number; readonly gold: number };
  /** One for each n. */
  readonly results: readonly Readonly<Record<string, number | null>>[];
}

/** A line of samples.jsonl. @param seed decides between completions of equal score */
export function bestOfNLine(
  { prompt, completions, proxy, gold }: Pool,
  prompts: readonly PolicyPrompt[],
  seed: number,
): object {
  const { ids, text } = prompts[prompt] as PolicyPrompt;
  const sample = bestCompletion(proxy, proxy.length, { seed, prompt });
  const best = completions[sample] as (typeof completions)[number];
  return {
    index: prompt,
    ...{ prompt: text, promptIds: ids },
    reward: [...proxy],
    gold: gold && [...gold],
    lengths: completions.map((completion) => completion.ids.length),
    finished: completions.map(({ finish }) => finish !== "length"),
    best: { sample, text: best.text, ids: best.ids, finish: best.finish },
  };
}

/**
 * Results of all lines.
 * @throws CommandError for a line without the numbers of a pool
 */
export async function resultsOf(
  rows: AsyncIterable<JsonlRow>,
  ns: readonly number[],
): Promise<BestOfNResults> {
  const summary = bestOfNSummary(ns);
  const size = ns.at(-1) as number;
  let [prompts, measured] = [0, 0];
  for await (const row of rows) {
    const pool = poolOf(row, size);
    summary.add(pool);
    prompts++;
    if (pool.gold) measured++;
  }
  return {
    prompts,
    samples: size,
    queries: { reward: prompts * size, gold: measured * size },
    results: summary.results().map(named),
  };
}

/** Results for people. */
export function resultsTable({ prompts, samples, queries, results }: BestOfNResults): string {
  const hasGold = queries.gold > 0;
  const number = (x: number | null | undefined) =>
    typeof x === "number" ? `${Number(x.toPrecision(4))}` : "-";
  const scores = (row: BestOfNResults["results"][number], name: string) => [
    number(row[name]),
    `± ${number(row[`${name}_error`])}`,
  ];
  const cells = results.map((row) => [
    number(row["n"]),
    ...scores(row, "reward"),
    ...(hasGold ? scores(row, "gold") : []),
    ...["kl_bound", "length", "eos_rate"].map((name) => number(row[name])),
  ]);
  const head = ["n", "reward", "", ...(hasGold ? ["gold", ""] : []), "KL up to", "length", "eos"];
  const cost = hasGold ? `, ${queries.gold} gold queries` : "";
  return (
    `${prompts} prompts, ${samples} completions each${cost}\n` +
    `${alignedRows([head, ...cells])}` +
    "means over prompts ± standard error; KL in nats, from the distribution of one sample\n"
  );
}

function named(result: BestOfNResult): BestOfNResults["results"][number] {
  return {
    n: result.n,
    ...{ reward: result.proxy, reward_error: result.proxyError },
    ...{ gold: result.gold, gold_error: result.goldError },
    kl_bound: result.klBound,
    length: result.length,
    eos_rate: result.eosRate,
  };
}

function poolOf({ value, where }: JsonlRow, size: number): PoolNumbers {
  const { reward, gold, lengths, finished } = value;
  const isPool = (list: unknown, type: "number" | "boolean") =>
    Array.isArray(list) && list.length === size && list.every((x) => typeof x === type);
  const isWhole =
    isPool(reward, "number") &&
    (gold === null || isPool(gold, "number")) &&
    isPool(lengths, "number") &&
    isPool(finished, "boolean");
  if (!isWhole) {
    throw new CommandError(
      `${where}: expected a line with reward, gold, lengths and finished of ${size} completions, ` +
        "got another. The file is damaged: begin anew in another folder.",
    );
  }
  return {
    proxy: reward as readonly number[],
    gold: gold as readonly number[] | null,
    lengths: lengths as readonly number[],
    finished: finished as readonly boolean[],
  };
}
