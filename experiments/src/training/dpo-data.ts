/** Data of `preflab dpo`: examples of the kind that the objective learns from, as ids. */
import {
  describeProblem,
  type LoadedTokenized,
  type LoadTokenizedOptions,
  loadPairs,
  loadRanked,
  loadUnpaired,
  type TokenizedPair,
  type TruncationOptions,
} from "@preflab/data";
import {
  type Preferences,
  pairPreferences,
  rankedPreferences,
  unpairedPreferences,
} from "@preflab/dpo";
import type { Io } from "../io.ts";
import type { DataSettings } from "./data-settings.ts";
import type { TrainingModel } from "./training-model.ts";

/** What examples are read for. */
export interface PreferenceOptions {
  readonly kind: Preferences["kind"];
  readonly data: Pick<DataSettings, "format" | "onError">;
  readonly truncation: TruncationOptions;
  readonly model: Pick<TrainingModel, "config" | "tokenizer">;
}

/**
 * Reads all examples of a file or folder, and says on stderr what became of its rows.
 * @throws DataError naming file and line of bad rows unless they are to be dropped, and for examples
 *   that the objective cannot learn from
 */
export async function readPreferences(
  path: string,
  options: PreferenceOptions,
  io: Pick<Io, "err">,
): Promise<Preferences> {
  const { kind, truncation } = options;
  if (kind === "pair") return pairPreferences(await readPairs(path, options, io));
  const say = (loaded: LoadedTokenized<unknown>) => tell(path, kind, loaded, io);
  switch (kind) {
    case "unpaired": {
      const loaded = await loadUnpaired(path, loadOptions(options));
      say(loaded);
      return unpairedPreferences(loaded.examples, truncation.maxLength);
    }
    case "ranked": {
      const loaded = await loadRanked(path, loadOptions(options));
      say(loaded);
      return rankedPreferences(loaded.examples);
    }
  }
}

/**
 * Reads all pairs of a file or folder, as {@link readPreferences}.
 * @throws DataError naming file and line of bad rows unless they are to be dropped
 */
export async function readPairs(
  path: string,
  options: Omit<PreferenceOptions, "kind">,
  io: Pick<Io, "err">,
): Promise<readonly TokenizedPair[]> {
  const loaded = await loadPairs(path, loadOptions(options));
  tell(path, "pair", loaded, io);
  return loaded.examples;
}

function loadOptions({
  data: { format, onError },
  truncation,
  model: { config, tokenizer },
}: Omit<PreferenceOptions, "kind">): LoadTokenizedOptions {
  return {
    ...truncation,
    ...{ format, onError, vocabSize: config.vocabSize },
    ...(tokenizer.found && { tokenizer: tokenizer.found }),
  };
}

function tell(
  path: string,
  kind: Preferences["kind"],
  loaded: LoadedTokenized<unknown>,
  io: Pick<Io, "err">,
): void {
  for (const line of describeLoaded(path, kind, loaded)) io.err(`${line}\n`);
}

/** Lines for people: how many examples there are, and what became of rows. */
function describeLoaded(
  path: string,
  kind: Preferences["kind"],
  loaded: LoadedTokenized<unknown>,
): string[] {
  const { examples, prompts, promptsCut, lostEos, truncatedAway, identical } = loaded;
  const noun = { pair: "pairs", unpaired: "responses", ranked: "rankings" }[kind];
  const counts: readonly (readonly [number, string])[] = [
    [promptsCut, "with a prompt cut to fit"],
    [lostEos, "that lost the end of a completion"],
    [truncatedAway, "left out since truncation left nothing to learn"],
    [loaded.leftOut, "rows left out as the data set has it"],
    [loaded.dropped, "bad rows left out"],
    [identical, "whose completions are the same, which teach nothing"],
  ];
  const notes = counts.filter(([count]) => count > 0).map(([count, text]) => `${count} ${text}`);
  const warnings = loaded.problems.filter(({ severity }) => severity === "warning");
  return [
    ...warnings.map((problem) => `warning: ${describeProblem(problem)}`),
    `${path}: ${[`${examples.length} ${noun} of ${prompts} prompts`, ...notes].join(", ")}`,
  ];
}

/** The first different prompts to sample from: of at least one token, and less than `maxLength`. */
export function differentPrompts(
  examples: readonly Pick<TokenizedPair, "promptIds">[],
  count: number,
  maxLength: number,
): number[][] {
  const prompts = new Map<string, number[]>();
  for (const { promptIds } of examples) {
    if (prompts.size >= count) break;
    const ids = Array.from(promptIds);
    if (ids.length > 0 && ids.length < maxLength) prompts.set(ids.join(), ids);
  }
  return [...prompts.values()];
}
