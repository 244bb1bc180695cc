/**
 * What of a tokenizer.json we support, and how it is put to the JavaScript library so that it does
 * what the Rust library does. Where the two differ the part is rewritten into one on which they
 * agree; a part without such a form is an error, for ids that are almost right are worse than none.
 */
import { isObject, isPart, type Part } from "./json.ts";
import { GPT2_PATTERN, WORD_CHARACTERS } from "./patterns.ts";

const NORMALIZERS = new Set(["NFC", "NFD", "NFKC", "NFKD", "Prepend", "Replace"]);

/** A normalizer for the library. @throws if it is one of those it only approximates. */
export function normalizerForLibrary(part: Part | null): Part | null {
  if (part === null) return null;
  if (part.type === "Sequence") {
    return sequence("normalizers", partsOf(part, "normalizers").map(normalizerForLibrary));
  }
  if (!NORMALIZERS.has(part.type)) throw unsupported("normalizer", part.type);
  return part;
}

/** Pre-tokenization: what splits, and whether the words' bytes are then written as characters. */
export interface PreTokenization {
  readonly split: Part;
  readonly bytes: boolean;
}

/**
 * A pre-tokenizer for the library, the last step to bytes apart: that one is ours, so that it need
 * not be taken again for a word that was there before.
 *
 * @throws if the part has no form on which both libraries agree.
 */
export function preTokenizationOf(part: Part | null): PreTokenization {
  const steps = part === null ? [] : stepsOf(part);
  const bytes = steps.at(-1)?.type === "ByteLevel";
  return { split: sequence("pretokenizers", bytes ? steps.slice(0, -1) : steps), bytes };
}

function stepsOf(part: Part): Part[] {
  switch (part.type) {
    case "Sequence":
      return partsOf(part, "pretokenizers").flatMap(stepsOf);
    case "ByteLevel":
      return byteLevel(part);
    case "Metaspace":
      return metaspace(part);
    case "Split":
      return [splitPart(part)];
    // Written out, since JavaScript and Unicode disagree on what a digit and white space are.
    case "Digits":
      return [split(part["individual_digits"] === true ? "\\p{N}" : "\\p{N}+", "Isolated")];
    case "WhitespaceSplit":
      return [split("\\s+", "Removed")];
    case "Whitespace":
      return [split(`[${WORD_CHARACTERS}]+|[^${WORD_CHARACTERS}\\s]+`, "Removed", true)];
    default:
      throw unsupported("pre-tokenizer", part.type);
  }
}

/**
 * A model for the library. A word-level model becomes WordPiece whose continuation prefix no word
 * can have, for the library has no other that knows unknown words.
 *
 * @throws if it is another kind, or has an option that changes ids and that the library lacks.
 */
export function modelForLibrary(model: Part): Part {
  switch (model.type) {
    case "BPE":
      checkBpe(model);
      return { ...model, merges: model["merges"] ?? [] };
    case "WordPiece":
      checkUnknownToken(model);
      return {
        ...model,
        continuing_subword_prefix: model["continuing_subword_prefix"] ?? "##",
        max_input_chars_per_word: model["max_input_chars_per_word"] ?? 100,
      };
    case "WordLevel":
      checkUnknownToken(model);
      return {
        ...model,
        type: "WordPiece",
        continuing_subword_prefix: " ",
        max_input_chars_per_word: Number.MAX_SAFE_INTEGER,
      };
    default:
      throw unsupported("model", model.type);
  }
}

/**
 * The library's own expression takes white space to be JavaScript's, which lacks U+0085 and has
 * U+FEFF; expressions of a Split it translates properly.
 */
function byteLevel(part: Part): Part[] {
  const bytes = { type: "ByteLevel", add_prefix_space: false, use_regex: false };
  const words = part["use_regex"] === false ? [] : [split(GPT2_PATTERN, "Isolated")];
  return [...prefixSpace(part), ...words, bytes];
}

/** A space before a text that has none, where the part asks for it: a mark that is a space. */
function prefixSpace(part: Part): Part[] {
  if (part["add_prefix_space"] !== true) return [];
  return [{ type: "Metaspace", replacement: " ", prepend_scheme: "always" }];
}

/** The library never splits at the marks, as a file without `split` means to. */
function metaspace(part: Part): Part[] {
  const mark = part["replacement"];
  if (typeof mark !== "string" || [...mark].length !== 1) {
    throw unsupported("Metaspace pre-tokenizer with replacement", JSON.stringify(mark));
  }
  const marks = {
    type: "Metaspace",
    replacement: mark,
    prepend_scheme:
      part["prepend_scheme"] ?? (part["add_prefix_space"] === false ? "never" : "always"),
  };
  if (part["split"] === false) return [marks];
  const code = (mark.codePointAt(0) as number).toString(16);
  const word = `\\x{${code}}[^\\x{${code}}]*`;
  return [marks, split(word, "Isolated")];
}

function splitPart(part: Part): Part {
  const { pattern, behavior, invert } = part;
  const known = behavior === "Isolated" || behavior === "Removed";
  if (!known || (invert === true && behavior === "Isolated")) {
    throw unsupported("Split pre-tokenizer", `${String(behavior)}, invert ${String(invert)}`);
  }
  const expression = expressionOf(pattern);
  // JavaScript's split would return the groups as well.
  if (behavior === "Removed" && invert !== true && /(?<!\\)\((?!\?)/.test(expression)) {
    throw unsupported("Split pre-tokenizer", `with groups in ${expression}`);
  }
  return split(withFoldedContractions(expression), behavior, invert === true);
}

function expressionOf(pattern: unknown): string {
  const { Regex: expression, String: text } = isObject(pattern) ? pattern : {};
  if (typeof expression === "string") return expression;
  if (typeof text === "string") return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  throw unsupported("Split pre-tokenizer", `with pattern ${JSON.stringify(pattern)}`);
}

/**
 * Under `(?i:` the library folds only ASCII; the one other letter that folds to one of a
 * contraction's is U+017F, the long s.
 */
function withFoldedContractions(expression: string): string {
  return expression.replace("(?i:'s|", "(?i:'s|'\\x{17f}|");
}

function split(expression: string, behavior: "Isolated" | "Removed", invert = false): Part {
  return { type: "Split", pattern: { Regex: expression }, behavior, invert };
}

function sequence(key: string, parts: readonly (Part | null)[]): Part {
  return { type: "Sequence", [key]: parts };
}

function partsOf(part: Part, key: string): readonly Part[] {
  const parts = part[key];
  if (Array.isArray(parts) && parts.every(isPart)) return parts;
  throw new Error(`tokenizer.json: expected parts in "${key}" of a Sequence, got something else.`);
}

function checkBpe(model: Part): void {
  const none = (key: string) => model[key] === undefined || model[key] === null;
  if (!none("dropout") && model["dropout"] !== 0) throw unsupported("model", "BPE with dropout");
  for (const key of ["continuing_subword_prefix", "end_of_word_suffix"]) {
    if (!none(key) && model[key] !== "") throw unsupported("model", `BPE with ${key}`);
  }
}

function checkUnknownToken(model: Part): void {
  const vocab = model["vocab"];
  const token = model["unk_token"];
  if (isObject(vocab) && typeof token === "string" && Object.hasOwn(vocab, token)) return;
  throw new Error(
    `tokenizer.json: expected the unknown token of a ${model.type} model in its vocabulary, got ` +
      `${JSON.stringify(token)}. Unknown words would get no id.`,
  );
}

function unsupported(what: string, kind: string): Error {
  return new Error(`tokenizer.json: ${what} ${kind} is not supported. Use a tokenizer without it.`);
}
