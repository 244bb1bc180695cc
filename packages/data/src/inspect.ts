/** Describes a data set as its examples stream by: what it holds, how much, how long. */
import type { AnyExample, ExampleItem } from "./examples.ts";
import { isRow } from "./formats/fields.ts";
import type { FormatName } from "./formats/format.ts";
import { hashText } from "./hash.ts";
import { textView } from "./lint/view.ts";
import type { ProblemCode } from "./sources/row.ts";
import { plainText, textKey } from "./text.ts";
import type { ExampleKind } from "./types.ts";

/** How long the texts of one field are, in characters, or tokens where they are ids. */
export interface LengthSummary {
  readonly min: number;
  readonly median: number;
  /** 95 in 100 are not longer. */
  readonly p95: number;
  readonly max: number;
  readonly mean: number;
}

/** What a data set holds. */
export interface Inspection {
  /** Rows, bad ones too. */
  readonly rows: number;
  /** Examples read. */
  readonly examples: number;
  /** Absent without examples. */
  readonly format?: FormatName;
  /** Absent without examples. */
  readonly kind?: ExampleKind;
  /** Whether texts are lists of messages. */
  readonly conversational: boolean;
  /** Fields of the first row. */
  readonly fields: readonly string[];
  /** Rows per part, where files or rows name one. */
  readonly splits: Readonly<Record<string, number>>;
  /** Different prompts, or texts where there are none. */
  readonly uniquePrompts: number;
  /** Examples per label, where there are labels. */
  readonly labels: Readonly<Record<string, number>>;
  /** By part of the example, such as "prompt". */
  readonly lengths: Readonly<Record<string, LengthSummary>>;
  /** Rows that could not be read, or may surprise, by code. */
  readonly problems: Readonly<Partial<Record<ProblemCode, number>>>;
  /** Rows that an option left out. */
  readonly leftOut: number;
  /** The first example; absent without one. */
  readonly first?: AnyExample["example"];
}

/** Gathers what {@link Inspection} shows. */
export class Inspector {
  #rows = 0;
  #examples = 0;
  #leftOut = 0;
  #first: AnyExample | undefined;
  readonly #splits = new Map<string, number>();
  readonly #labels = new Map<string, number>();
  readonly #problems = new Map<ProblemCode, number>();
  readonly #prompts = new Set<number>();
  readonly #lengths = new Map<string, number[]>();

  /** Looks at one row. */
  add(item: ExampleItem): void {
    if (item.kind === "problem") {
      count(this.#problems, item.code);
      if (item.severity === "error") this.#rows = item.row + 1;
      return;
    }
    this.#rows = item.source.row + 1;
    if (item.source.split !== undefined) count(this.#splits, item.source.split);
    if (item.kind === "left-out") this.#leftOut++;
    else this.#addExample(item);
  }

  /** What was seen. */
  report(): Inspection {
    const first = this.#first;
    const value = first?.source.value;
    return {
      rows: this.#rows,
      examples: this.#examples,
      ...(first && { format: first.format, kind: first.kind }),
      conversational: first !== undefined && isConversational(first),
      fields: isRow(value) ? Object.keys(value) : [],
      splits: Object.fromEntries(this.#splits),
      uniquePrompts: this.#prompts.size,
      labels: Object.fromEntries([...this.#labels].sort()),
      lengths: Object.fromEntries([...this.#lengths].map(([name, all]) => [name, summary(all)])),
      problems: Object.fromEntries(this.#problems),
      leftOut: this.#leftOut,
      ...(first && { first: first.example }),
    };
  }

  #addExample(item: AnyExample): void {
    this.#examples++;
    this.#first ??= item;
    const parts = partsOf(item);
    for (const [name, length] of parts.lengths) {
      const known = this.#lengths.get(name);
      if (known === undefined) this.#lengths.set(name, [length]);
      else known.push(length);
    }
    this.#prompts.add(hashText(parts.leading));
    if ("label" in item.example) count(this.#labels, String(item.example.label));
  }
}

/** Lengths by name, and what is counted as the prompt. */
function partsOf(item: AnyExample): {
  readonly lengths: readonly (readonly [string, number])[];
  readonly leading: string;
} {
  const view = textView(item);
  if (view === undefined) {
    const ids = Object.entries(item.example).filter(([name]) => name.endsWith("Ids"));
    return {
      lengths: ids.map(([name, list]) => [name, (list as ArrayLike<number>).length] as const),
      leading: JSON.stringify(ids[0]),
    };
  }
  const names = item.kind === "preference" ? ["chosen", "rejected"] : [];
  const texts = [
    ["prompt", view.prompt] as const,
    ["text", view.text] as const,
    ...view.completions.map((text, i) => [names[i] ?? "completion", text] as const),
  ];
  return {
    lengths: texts.flatMap(([name, text]) =>
      text === undefined ? [] : [[name, plainText(text).length] as const],
    ),
    leading: textKey(view.prompt ?? view.text ?? ""),
  };
}

function isConversational(item: AnyExample): boolean {
  const view = textView(item);
  return [view?.prompt, view?.text, ...(view?.completions ?? [])].some((text) =>
    Array.isArray(text),
  );
}

function summary(values: readonly number[]): LengthSummary {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.ceil(share * sorted.length) - 1] as number;
  const sum = sorted.reduce((total, value) => total + value, 0);
  return {
    min: sorted[0] as number,
    median: at(0.5),
    p95: at(0.95),
    max: at(1),
    mean: sum / sorted.length,
  };
}

function count<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
