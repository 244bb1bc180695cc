/** Whether ids mean the same to two models. Pure. */
import type { Tokenizer } from "@preflab/lm";
import type { TrainingModel } from "./training-model.ts";

type Speaker = Pick<TrainingModel, "config" | "tokenizer">;

/**
 * Why a model cannot read the ids that another writes; null when it can. Models of different sizes can
 * when their tokenizers show that every token of the writer is the reader's as well, such as where one
 * has spare rows.
 */
export function vocabularyProblem(reader: Speaker, writer: Speaker): string | null {
  const [size, expected] = [reader.config.vocabSize, writer.config.vocabSize];
  const [own, other] = [reader.tokenizer.found, writer.tokenizer.found];
  const known = own !== null && other !== null;
  if (size < expected || (size > expected && !known)) {
    return `expected a vocabulary of ${expected} tokens, as the model has, got ${size}.`;
  }
  if (!known) return null;
  const id = firstDifference(own, other);
  if (id === null) return null;
  const [token, found] = [other, own].map((tokenizer) => JSON.stringify(tokenAt(tokenizer, id)));
  return `expected the model's tokenizer, got another: id ${id} is ${found} instead of ${token}.`;
}

/** The first id that two tokenizers have different tokens for; null where `own` has all of `other`. */
function firstDifference(own: Tokenizer, other: Tokenizer): number | null {
  for (let id = 0; id < other.vocabSize; id++) {
    const token = tokenAt(other, id);
    if (token !== undefined && tokenAt(own, id) !== token) return id;
  }
  return null;
}

/** The token of an id, undefined for those that a vocabulary leaves out. */
function tokenAt(tokenizer: Tokenizer, id: number): string | undefined {
  try {
    return tokenizer.tokenOf(id);
  } catch {
    return undefined;
  }
}
