/**
 * Which tokens mean something: begin, end, padding, unknown, and all that are special. Read from
 * tokenizer_config.json, for tokenizer.json does not say what a special token is for.
 *
 * PAD is never EOS. A file that declares one token as both (a habit with models that have no
 * padding token) gets no padding token here, and a warning: whoever masks padding by its id would
 * also mask the end of every text, and the model would never learn to stop. Rows are padded with
 * `fillId` instead, and their mask comes from lengths, so that the filler's value cannot matter.
 */
import {
  type AddedTokenJson,
  addedToken,
  isObject,
  type TokenizerConfigJson,
  type TokenizerJson,
  type TokenName,
} from "./json.ts";

/** Ids with a meaning, null where there is none, and every added token. */
export interface SpecialTokens {
  readonly bosId: number | null;
  readonly eosId: number | null;
  /** Never equal to `eosId`. */
  readonly padId: number | null;
  readonly unkId: number | null;
  /** Special ones marked, those of tokenizer_config.json and the four roles included. */
  readonly addedTokens: readonly AddedTokenJson[];
  /** What the files say that was not followed, in words for the user. */
  readonly warnings: readonly string[];
}

/** Reads the meanings out of both files. @throws if they give a token two ids, or an id two. */
export function specialTokensOf(json: TokenizerJson, config: TokenizerConfigJson): SpecialTokens {
  const tokens = new Map(mergedTokens(json, config).map((token) => [token.content, token]));
  const warnings: string[] = [];
  const idOf = (key: string, name: TokenName | null | undefined): number | null => {
    const content = textOf(name);
    if (content === null) return null;
    const id = tokens.get(content)?.id ?? ownEntry(json.model.vocab, content);
    if (id === undefined) {
      warnings.push(`tokenizer_config.json: ${key} "${content}" has no id; it is not used.`);
      return null;
    }
    const how = tokens.get(content) ?? { id, content, normalized: false };
    tokens.set(content, addedToken({ ...how, special: true }));
    return id;
  };
  const bosId = idOf("bos_token", config.bos_token);
  const eosId = idOf("eos_token", config.eos_token);
  const declaredPad = idOf("pad_token", config.pad_token);
  const unkId = idOf("unk_token", config.unk_token ?? unknownTokenOf(json));
  for (const name of config.additional_special_tokens ?? []) {
    idOf("additional special token", name);
  }
  const padIsEos = declaredPad !== null && declaredPad === eosId;
  if (padIsEos) {
    warnings.push(
      `tokenizer_config.json: pad_token and eos_token are both "${textOf(config.pad_token)}". ` +
        "It ends texts and does not pad them here; padding is known by its mask.",
    );
  }
  const padId = padIsEos ? null : declaredPad;
  return { bosId, eosId, padId, unkId, addedTokens: [...tokens.values()], warnings };
}

/**
 * Id for positions without a token: the padding token, else the unknown token unless it ends texts,
 * else 0. Only a mask may tell that such a position is empty.
 */
export function fillIdOf({ padId, unkId, eosId }: SpecialTokens): number {
  if (padId !== null) return padId;
  return unkId !== null && unkId !== eosId ? unkId : 0;
}

/** Added tokens of tokenizer.json, then those that only tokenizer_config.json has. */
function mergedTokens(json: TokenizerJson, config: TokenizerConfigJson): AddedTokenJson[] {
  const byId = new Map<number, AddedTokenJson>();
  const byText = new Map<string, number>();
  const add = (token: AddedTokenJson): void => {
    const other = byId.get(token.id)?.content ?? token.content;
    const otherId =
      byText.get(token.content) ?? ownEntry(json.model.vocab, token.content) ?? token.id;
    if (other !== token.content || otherId !== token.id) {
      throw new Error(
        `tokenizer: expected one id for each token, got ${token.id} for "${token.content}" beside ` +
          `${otherId} for "${other}". Mend tokenizer.json or tokenizer_config.json.`,
      );
    }
    byText.set(token.content, token.id);
    if (!byId.has(token.id)) byId.set(token.id, token);
  };
  json.added_tokens.forEach(add);
  const declared = config.added_tokens_decoder;
  if (isObject(declared)) {
    for (const [id, token] of Object.entries(declared))
      add(addedToken({ ...token, id: Number(id) }));
  }
  return [...byId.values()];
}

function unknownTokenOf(json: TokenizerJson): string | null {
  const token = json.model["unk_token"];
  return typeof token === "string" ? token : null;
}

function textOf(name: TokenName | null | undefined): string | null {
  if (typeof name === "string") return name === "" ? null : name;
  return name?.content ?? null;
}

function ownEntry(vocab: Readonly<Record<string, number>>, token: string): number | undefined {
  return Object.hasOwn(vocab, token) ? vocab[token] : undefined;
}
