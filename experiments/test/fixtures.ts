/** Models and golden numbers for the commands: the committed ones of @preflab/lm. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseConfig } from "@preflab/lm";
import { Fixture, type GoldenTensor } from "@preflab/testing";
import { onTestFinished } from "vitest";

const ROOT = fileURLToPath(new URL("../../packages/lm/test/fixtures/", import.meta.url));

/** Names of the golden models. */
export const MODELS: readonly string[] = readdirSync(`${ROOT}models`, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** A Llama with a vocabulary of 40 tokens, `<s>` (1) before texts and `</s>` (2) after them. */
export const GGUF = `${ROOT}gguf/llama.gguf`;

/** Tolerance of the golden models' README. */
export const TOKEN_LOGPS = { atol: 2e-4, rtol: 0 };
export const SEQUENCE_LOGPS = { atol: 1e-3, rtol: 1e-5 };

/** Folder of a golden model. */
export function modelPath(name: string): string {
  return `${ROOT}models/${name}`;
}

/** Inputs and outputs of a golden model. */
export class Golden {
  readonly #tensors: ReadonlyMap<string, GoldenTensor>;

  constructor(name: string) {
    this.#tensors = new Fixture(modelPath(name)).tensors("io.safetensors");
  }

  /** A matrix, row by row. */
  rows(name: string): number[][] {
    const { values, shape } = this.#tensor(name);
    const [count = 1, length = 1] = shape;
    return Array.from({ length: count }, (_, i) => [
      ...values.subarray(i * length, (i + 1) * length),
    ]);
  }

  /** A vector. */
  values(name: string): number[] {
    return [...this.#tensor(name).values];
  }

  #tensor(name: string): GoldenTensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new Error(`Golden: expected a tensor ${name}, got none.`);
    return tensor;
  }
}

/** A folder that is removed after the running test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "preflab-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes rows as JSON lines into a file of the running test; a text is written as it is. */
export function rowsFile(rows: readonly unknown[] | string): string {
  const path = join(temporaryFolder(), "rows.jsonl");
  const text =
    typeof rows === "string" ? rows : rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  writeFileSync(path, text);
  return path;
}

/** A copy of a golden model whose config.json has other settings, for the running test. */
export function modelWith(name: string, settings: Readonly<Record<string, unknown>>): string {
  const folder = temporaryFolder();
  cpSync(modelPath(name), folder, { recursive: true });
  const path = join(folder, "config.json");
  const config = JSON.parse(readFileSync(path, "utf8")) as object;
  writeFileSync(path, JSON.stringify({ ...config, ...settings }));
  return folder;
}

/**
 * A copy of a golden model with a tokenizer whose token i is the word `wi`, see {@link wordsOf}.
 * @param specialId the token that is special
 * @param settings changes its config.json
 */
export function modelWithWords(
  name: string,
  specialId?: number,
  settings: Readonly<Record<string, unknown>> = {},
): string {
  const folder = modelWith(name, settings);
  const { vocabSize } = parseConfig(JSON.parse(readFileSync(join(folder, "config.json"), "utf8")));
  const words = Array.from({ length: vocabSize }, (_, id) => [`w${id}`, id] as const);
  const special = words.filter(([, id]) => id === specialId);
  const tokenizer = {
    version: "1.0",
    added_tokens: special.map(([content, id]) => ({ id, content, special: true })),
    pre_tokenizer: { type: "WhitespaceSplit" },
    model: { type: "WordLevel", vocab: Object.fromEntries(words), unk_token: "w0" },
  };
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizer));
  return folder;
}

/** The text of ids under such a tokenizer. */
export function wordsOf(ids: readonly number[]): string {
  return ids.map((id) => `w${id}`).join(" ");
}
