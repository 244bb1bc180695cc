/** The tokens that a tokenizer puts around a text when asked to: usually BOS before it, or nothing. */
import { isObject, isPart, type Part, type TokenizerConfigJson } from "./json.ts";
import type { SpecialTokens } from "./special-tokens.ts";

/** Ids before and after a single text. */
export interface Frame {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const NO_FRAME: Frame = { before: [], after: [] };

/**
 * The frame that both files describe. As in transformers 5, `add_bos_token` or `add_eos_token` in
 * tokenizer_config.json replaces the post-processor of tokenizer.json.
 *
 * @throws if the post-processor is of a kind that is not supported, or asks for a token that the
 *   tokenizer does not have.
 */
export function frameOf(
  part: Part | null,
  config: TokenizerConfigJson,
  { bosId, eosId }: Pick<SpecialTokens, "bosId" | "eosId">,
): Frame {
  const { add_bos_token: bos, add_eos_token: eos } = config;
  if (typeof bos !== "boolean" && typeof eos !== "boolean") return frameOfPart(part);
  return {
    before: bos === true ? [required("bos_token", bosId)] : [],
    after: eos === true ? [required("eos_token", eosId)] : [],
  };
}

/** The part of a tokenizer.json that makes a frame, by the tokens' texts and ids; null if empty. */
export function templateFor(
  before: readonly (readonly [string, number])[],
  after: readonly (readonly [string, number])[],
): Part | null {
  if (before.length + after.length === 0) return null;
  const special = ([id]: readonly [string, number], type: number) => ({
    SpecialToken: { id, type_id: type },
  });
  const around = (sequence: "A" | "B", type: number) => [
    ...before.map((token) => special(token, type)),
    { Sequence: { id: sequence, type_id: type } },
    ...after.map((token) => special(token, type)),
  ];
  const tokens = [...before, ...after];
  return {
    type: "TemplateProcessing",
    single: around("A", 0),
    pair: [...around("A", 0), ...around("B", 1)],
    special_tokens: Object.fromEntries(
      tokens.map(([id, number]) => [id, { id, ids: [number], tokens: [id] }]),
    ),
  };
}

function frameOfPart(part: Part | null): Frame {
  if (part === null || part.type === "ByteLevel") return NO_FRAME;
  if (part.type === "TemplateProcessing") return frameOfTemplate(part);
  if (part.type === "Sequence") return frameOfSequence(part["processors"]);
  throw new Error(`tokenizer.json: post-processor ${part.type} is not supported.`);
}

function frameOfSequence(parts: unknown): Frame {
  if (!Array.isArray(parts) || !parts.every(isPart)) {
    throw new Error('tokenizer.json: expected parts in "processors", got something else.');
  }
  return parts.map(frameOfPart).reduce(
    (inner, outer) => ({
      before: [...outer.before, ...inner.before],
      after: [...inner.after, ...outer.after],
    }),
    NO_FRAME,
  );
}

function frameOfTemplate({ single, special_tokens: tokens }: Part): Frame {
  const before: number[] = [];
  const after: number[] = [];
  let sequences = 0;
  for (const item of Array.isArray(single) ? single : []) {
    const special = isObject(item) ? item["SpecialToken"] : undefined;
    if (special === undefined) sequences++;
    else (sequences === 0 ? before : after).push(...idsOf(special, tokens));
  }
  if (sequences === 1) return { before, after };
  throw new Error(
    `tokenizer.json: expected a template with one text, got ${JSON.stringify(single)}.`,
  );
}

function idsOf(special: unknown, tokens: unknown): number[] {
  const name = isObject(special) ? special["id"] : undefined;
  const entry = isObject(tokens) && typeof name === "string" ? tokens[name] : undefined;
  const ids = isObject(entry) ? entry["ids"] : undefined;
  if (Array.isArray(ids) && ids.every((id) => Number.isInteger(id))) return ids;
  throw new Error(
    `tokenizer.json: expected ids of ${JSON.stringify(name)} in special_tokens, got none.`,
  );
}

function required(key: string, id: number | null): number {
  if (id !== null) return id;
  throw new Error(
    `tokenizer_config.json: expected ${key}, since add_${key} is true, got none. Name one or set ` +
      `add_${key} to false.`,
  );
}
