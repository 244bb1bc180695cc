/** The stages that make tokens of reviews: the tokenizer, then all texts with it, and prompts. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SplitName } from "@preflab/data";
import {
  loadTokenizer,
  saveTokenizer,
  type Tokenizer,
  trainByteLevelBpe,
  writeAtomically,
  writeTextAtomically,
} from "@preflab/lm";
import type { Stage } from "../../study/experiment.ts";
import { type Ends, joinReviews } from "./chunks.ts";
import { type ReviewPrompts, reviewPrompts } from "./prompts.ts";
import { REVIEWS, reviewsIn } from "./review-files.ts";
import type { ImdbSettings } from "./settings.ts";

/** Ids of the stages. */
export const TOKENIZER = "tokenizer";
/** Reviews as ids, and prompts. */
export const TEXTS = "texts";

const PROMPTS = "prompts.json";
const PARTS: readonly SplitName[] = ["train", "validation", "test"];

/** Parts that the language model learns from or is measured on while it does. */
const LEARNED = ["train", "validation"] as const;

/** The stage that trains the tokenizer, on training reviews alone. */
export function tokenizerStage({ vocabulary }: Pick<ImdbSettings, "vocabulary">): Stage {
  return {
    id: TOKENIZER,
    title: "tokenizer",
    config: { vocabulary },
    inputs: [REVIEWS],
    build: async ({ folder, input }) => {
      const reviews = await reviewsIn(input(REVIEWS), "train");
      const files = trainByteLevelBpe(
        reviews.map(({ text }) => text),
        { vocabSize: vocabulary },
      );
      await saveTokenizer(folder, files);
    },
  };
}

/**
 * The tokenizer of a finished stage, and its special ids. As GPT-2's, one token ends and begins texts.
 * @throws Error for another tokenizer
 */
export async function openTokenizer(
  folder: string,
): Promise<{ readonly tokenizer: Tokenizer; readonly ends: Ends & { readonly pad: number } }> {
  const tokenizer = await loadTokenizer(folder);
  const { bosId: bos, eosId: eos, padId: pad } = tokenizer;
  if (bos === null || eos === null || pad === null) {
    throw new Error(`${folder}: expected a tokenizer with BOS, EOS and padding.`);
  }
  return { tokenizer, ends: { bos, eos, pad } };
}

/** The stage that tokenizes reviews and cuts prompts from them. */
export function textStage({
  prompts: counts,
  seed,
}: Pick<ImdbSettings, "prompts" | "seed">): Stage {
  return {
    id: TEXTS,
    title: "texts and prompts",
    config: { prompts: counts, seed },
    inputs: [REVIEWS, TOKENIZER],
    build: async ({ folder, input, signal, progress }) => {
      const { tokenizer, ends } = await openTokenizer(input(TOKENIZER));
      const reviews: Record<SplitName, Int32Array[]> = { train: [], validation: [], test: [] };
      for (const part of PARTS) {
        signal.throwIfAborted();
        progress({ done: PARTS.indexOf(part), total: PARTS.length });
        for (const { text } of await reviewsIn(input(REVIEWS), part)) {
          reviews[part].push(tokenizer.encode(text, { addSpecialTokens: false }));
        }
      }
      for (const part of LEARNED) {
        const joined = joinReviews(reviews[part], ends);
        await writeAtomically(join(folder, `${part}.ids`), (append) =>
          append(new Uint8Array(joined.buffer)),
        );
      }
      const prompts = reviewPrompts({ reviews, tokenizer, bosId: ends.bos, counts, seed });
      await writeTextAtomically(join(folder, PROMPTS), JSON.stringify(prompts));
    },
  };
}

/** Reviews of a part as ids, of a finished stage: see {@link joinReviews}. */
export async function joinedReviews(
  folder: string,
  part: (typeof LEARNED)[number],
): Promise<Uint16Array> {
  const bytes = await readFile(join(folder, `${part}.ids`));
  // A copy begins where 16 bits may begin.
  return new Uint16Array(Uint8Array.from(bytes).buffer);
}

/** Prompts of a finished stage. */
export async function readPrompts(folder: string): Promise<ReviewPrompts> {
  return JSON.parse(await readFile(join(folder, PROMPTS), "utf8")) as ReviewPrompts;
}
