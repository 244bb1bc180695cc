/**
 * Checks examples as they stream by and reports at the end. Keeps row numbers and hashes, never
 * texts. The checks are in the files beside this one; ../io/lint-file.ts runs them on a file.
 */
import type { AnyExample, ExampleItem } from "../examples.ts";
import { isRow } from "../formats/fields.ts";
import { hashText } from "../hash.ts";
import { NearDuplicateIndex } from "../near-duplicates.ts";
import { isBlank, plainText, sameText, textKey } from "../text.ts";
import type { Text } from "../types.ts";
import { LabelCounts, LengthBias } from "./distribution.ts";
import { Findings, type LintReport } from "./findings.ts";
import { specialTextTest } from "./special-text.ts";
import { checkTokens, type TokenCheckOptions } from "./token-checks.ts";
import { type TextView, textView } from "./view.ts";

/** Options of {@link Linter}: with an encoder, token checks run; with truncation, its checks too. */
export type LintOptions = TokenCheckOptions;

/** Name of the part that {@link Linter.addOther} fills. */
const OTHER = "other data";

/** Looks at one data set. */
export class Linter {
  readonly #options: LintOptions;
  readonly #findings = new Findings();
  readonly #spellsSpecial: (text: string) => boolean;
  readonly #labels = new LabelCounts();
  readonly #lengths: LengthBias;
  readonly #seen = new Set<number>();
  readonly #splits = new Map<string, NearDuplicateIndex>();
  #rows = 0;

  constructor(options: LintOptions = {}) {
    this.#options = options;
    this.#spellsSpecial = specialTextTest(options.encoder?.tokenizer);
    this.#lengths = new LengthBias(options.encoder ? "tokens" : "characters");
  }

  /** Remembers an example of another data set, whose near-duplicates are to be found in this one. */
  addOther(item: ExampleItem): void {
    const text = "example" in item ? leadingText(textView(item)) : undefined;
    if (text !== undefined && "source" in item) this.#indexOf(OTHER).add(text, item.source.row);
  }

  /**
   * Looks at one row.
   *
   * @throws DataError where token checks need a chat template that is missing
   */
  add(item: ExampleItem): void {
    const row = item.kind === "problem" ? item.row : item.source.row;
    const counts = item.kind !== "problem" || item.severity === "error";
    this.#rows = Math.max(this.#rows, counts ? row + 1 : row);
    if (item.kind === "problem") this.#findings.addProblem(item);
    else if (item.kind !== "left-out") this.#check(item);
  }

  /** What was found. */
  report(): LintReport {
    this.#labels.report(this.#findings);
    this.#lengths.report(this.#findings);
    return this.#findings.report(this.#rows);
  }

  #check(item: AnyExample): void {
    const { row } = item.source;
    for (const note of item.notes) this.#findings.add(note, row);
    const view = textView(item);
    if (view !== undefined) this.#checkTexts(item, view);
    this.#checkDuplicate(item, view);
    const tokens = checkTokens(item, this.#options, this.#findings);
    const lengths = tokens ?? view?.completions.map((text) => plainText(text).length) ?? [];
    const [first, second] = lengths;
    if (item.kind.endsWith("preference") && first !== undefined && second !== undefined) {
      this.#lengths.addPair(first, second);
    }
    if ((item.kind === "unpaired" || item.kind === "tokenized-unpaired") && first !== undefined) {
      this.#lengths.addUnpaired(first, item.example.label);
      this.#labels.add(Number(item.example.label));
    }
    if (item.kind === "labeled") this.#labels.add(item.example.label);
  }

  #checkTexts(item: AnyExample, { prompt, completions, text }: TextView): void {
    const { row } = item.source;
    const findings = this.#findings;
    const [first, second] = completions;
    if (item.kind === "preference" && sameText(first ?? "", second ?? "")) {
      findings.add("identical_pair", row);
    }
    if (completions.some(isBlank)) findings.add("empty_completion", row);
    if (text !== undefined && isBlank(text)) findings.add("empty_text", row);
    if (prompt !== undefined && isBlank(prompt)) findings.add("empty_prompt", row);
    if (!item.notes.includes("ends_on_human_turn") && completions.some(endsOnOtherTurn)) {
      findings.add("ends_on_human_turn", row);
    }
    const texts = [prompt, ...completions, text].filter((part) => part !== undefined);
    if (texts.some((part) => this.#spellsSpecial(plainText(part)))) {
      findings.add("special_token_text", row);
    }
  }

  #checkDuplicate(item: AnyExample, view: TextView | undefined): void {
    const { row } = item.source;
    const hash = hashText(contentKey(item, view));
    if (this.#seen.has(hash)) this.#findings.add("duplicate_text", row);
    else this.#seen.add(hash);
    const split = splitOfRow(item);
    const text = leadingText(view);
    if (text === undefined || (split === undefined && !this.#splits.has(OTHER))) return;
    const others = [...this.#splits].filter(([name]) => name !== split);
    if (others.some(([, index]) => index.find(text) !== undefined)) {
      this.#findings.add("near_duplicate_across_splits", row);
    }
    if (split !== undefined) this.#indexOf(split).add(text, row);
  }

  #indexOf(split: string): NearDuplicateIndex {
    const known = this.#splits.get(split);
    if (known !== undefined) return known;
    const index = new NearDuplicateIndex();
    this.#splits.set(split, index);
    return index;
  }
}

/** The part that a row belongs to: by its file, or by its own field `split`. */
function splitOfRow({ source }: AnyExample): string | undefined {
  if (source.split !== undefined) return source.split;
  const split = isRow(source.value) ? source.value["split"] : undefined;
  return typeof split === "string" ? split : undefined;
}

/** What must not be in two parts: the prompt, or the text where there is none. */
function leadingText(view: TextView | undefined): string | undefined {
  const [first] = [view?.prompt, view?.text, ...(view?.completions ?? [])].filter(
    (text): text is Text => text !== undefined && !isBlank(text),
  );
  return first && plainText(first);
}

/** All that an example says, as one string. */
function contentKey(item: AnyExample, view: TextView | undefined): string {
  if (view === undefined) {
    const { meta: _, ...ids } = item.example;
    return JSON.stringify(ids);
  }
  const { prompt, completions, text } = view;
  const texts = [prompt, text, ...completions].filter((part) => part !== undefined);
  return JSON.stringify(texts.map(textKey));
}

function endsOnOtherTurn(completion: Text): boolean {
  return typeof completion !== "string" && completion.at(-1)?.role !== "assistant";
}
