/**
 * Examples as what trainers take: a prompt with one completion or several, as ids. Says which kinds
 * of example serve which kind of training, and converts where nothing has to be invented.
 */
import { rankedPairs, unpair } from "../convert.ts";
import type { AnyExample } from "../examples.ts";
import type { ExampleMeta, Text } from "../types.ts";
import type { ExampleEncoder } from "./encoder.ts";

/** What is trained on: see {@link ExampleOf.kind} for what data sets hold. */
export type TrainingKind = "pair" | "ranked" | "unpaired";

/** A prompt and its completions, better ones first. */
export interface IdRow {
  readonly promptIds: ArrayLike<number>;
  readonly completionIds: readonly ArrayLike<number>[];
  /** Unpaired: whether the completion is desirable. */
  readonly label?: boolean;
  readonly meta?: ExampleMeta;
}

/** Same as {@link IdRow}, as texts. */
interface TextRow {
  readonly prompt: Text;
  readonly completions: readonly Text[];
  readonly label?: boolean;
  readonly meta?: ExampleMeta;
}

/** Kinds of example that serve each kind of training, for messages. */
export const SERVES: Readonly<Record<TrainingKind, string>> = {
  pair: "preference, ranked, or tokenized-preference",
  ranked: "ranked, preference, tokenized-ranked or tokenized-preference",
  unpaired: "unpaired, preference, tokenized-unpaired or tokenized-preference",
};

/**
 * The rows of an example. Pairs serve as rankings of two and as two unpaired examples, rankings as
 * all their pairs.
 *
 * @param encoder may be missing where the example is ids
 * @returns null where its kind does not serve; "no tokenizer" where an encoder is missing
 * @throws as {@link ExampleEncoder.pair}
 */
export function idRows(
  item: AnyExample,
  as: TrainingKind,
  encoder: ExampleEncoder | undefined,
): readonly IdRow[] | null | "no tokenizer" {
  const given = givenRows(item, as);
  if (given !== null) return given;
  const rows = textRows(item, as);
  if (rows === null) return null;
  if (encoder === undefined) return "no tokenizer";
  return rows.map(({ prompt, completions, ...rest }) => ({
    ...encoder.row(prompt, completions),
    ...rest,
  }));
}

/** Rows of an example that is ids already. */
function givenRows(item: AnyExample, as: TrainingKind): readonly IdRow[] | null {
  if (item.kind === "tokenized-preference") {
    const { promptIds, chosenIds, rejectedIds, meta } = item.example;
    const common = { promptIds, ...(meta && { meta }) };
    if (as === "unpaired") {
      return [
        { ...common, completionIds: [chosenIds], label: true },
        { ...common, completionIds: [rejectedIds], label: false },
      ];
    }
    return [{ ...common, completionIds: [chosenIds, rejectedIds] }];
  }
  if (item.kind === "tokenized-ranked" && as === "ranked") return [item.example];
  if (item.kind === "tokenized-unpaired" && as === "unpaired") {
    const { completionIds, ...rest } = item.example;
    return [{ ...rest, completionIds: [completionIds] }];
  }
  return null;
}

function textRows(item: AnyExample, as: TrainingKind): readonly TextRow[] | null {
  switch (item.kind) {
    case "preference": {
      const { prompt, chosen, rejected, meta } = item.example;
      if (as === "unpaired") return unpair(item.example).map(singleRow);
      return [{ prompt, completions: [chosen, rejected], ...(meta && { meta }) }];
    }
    case "ranked": {
      const { prompt, completions, meta } = item.example;
      if (as === "ranked") return [{ prompt, completions, ...(meta && { meta }) }];
      if (as !== "pair") return null;
      return rankedPairs(item.example).map(({ chosen, rejected, ...rest }) => ({
        ...rest,
        completions: [chosen, rejected],
      }));
    }
    case "unpaired":
      return as === "unpaired" ? [singleRow(item.example)] : null;
    default:
      return null;
  }
}

function singleRow({
  completion,
  ...rest
}: Omit<TextRow, "completions"> & { readonly completion: Text }): TextRow {
  return { ...rest, completions: [completion] };
}
