/** Prompts: queries in the form that a policy reads, each in one part only. */
import { promptSplitter, type SplitName } from "@preflab/data";
import { RandomStream, shuffled } from "@preflab/lm";
import { drawIndex, drawItem } from "../../draw.ts";
import { bestAnswer } from "./answers.ts";
import { SPEAKERS } from "./lexicon.ts";
import { type Asked, allQueries, INTENTS, type Intent, type Query } from "./queries.ts";
import type { Vocabulary } from "./vocabulary.ts";
import type { World } from "./world.ts";

/** A query as a prompt. */
export interface DialoguePrompt {
  /** BOS, "human", the query, "assistant". */
  readonly ids: readonly number[];
  /** The words alone; encoded with BOS before it, it gives `ids`. */
  readonly text: string;
  readonly asked: Asked;
}

/** Parts of prompts: `ood` are those about held-out topics, which the other parts never mention. */
export const PARTS = ["train", "validation", "test", "ood"] as const;

/** One of {@link PARTS}. */
export type Part = (typeof PARTS)[number];

/** How often each intent is drawn. Where its prompts run out, the others take its place. */
const INTENT_WEIGHTS: Readonly<Record<Intent, number>> = {
  one: 0.4,
  two: 0.25,
  compare: 0.2,
  unknown: 0.1,
  chat: 0.05,
};

/** Shares of all possible prompts; the rest is for training. */
const SHARES = { validation: 0.1, test: 0.25 };

/** Solved examples in front of a few-shot prompt, by intent. */
const EXAMPLES: readonly Intent[] = ["two", "one"];

/**
 * All prompts of a world. Which part a prompt belongs to depends on its words alone, so parts are
 * disjoint whatever seeds and counts are, and no text for training has a prompt that is tested on.
 */
export class PromptBook {
  readonly #byText: ReadonlyMap<string, DialoguePrompt>;
  readonly #byIds: ReadonlyMap<string, DialoguePrompt>;
  /** Those that texts for training may have, held-out topics included. */
  readonly learnable: IntentLists;
  readonly #parts: Readonly<Record<Part, IntentLists>>;
  readonly #vocabulary: Vocabulary;
  readonly #world: World;

  constructor(world: World, vocabulary: Vocabulary) {
    this.#world = world;
    this.#vocabulary = vocabulary;
    const partOf = promptSplitter(SHARES);
    const all = allQueries(world).map((query) => promptOf(query, vocabulary));
    this.#byText = new Map(all.map((prompt) => [prompt.text, prompt]));
    this.#byIds = new Map(all.map((prompt) => [prompt.ids.join(), prompt]));
    const select = (part: SplitName, isHeldOut: boolean | null): IntentLists =>
      byIntent(
        all.filter(
          ({ text, asked }) =>
            partOf(text) === part && (isHeldOut === null || asked.topic.isHeldOut === isHeldOut),
        ),
      );
    this.learnable = select("train", null);
    this.#parts = {
      train: select("train", false),
      validation: select("validation", false),
      test: select("test", false),
      ood: select("test", true),
    };
  }

  /** How many different prompts there are. */
  get size(): number {
    return this.#byText.size;
  }

  /** The prompt of a text. @throws RangeError for other texts */
  promptOf(text: string | null): DialoguePrompt {
    const found = this.#byText.get(text ?? "");
    if (found) return found;
    throw new RangeError(`PromptBook: expected the words of a prompt, got "${text}".`);
  }

  /** How many different prompts a part has. */
  count(part: Part): number {
    return INTENTS.reduce((sum, intent) => sum + this.#parts[part][intent].length, 0);
  }

  /** What a prompt asks, or a few-shot prompt in the end; null where ids are no prompt. */
  askedBy(promptIds: ArrayLike<number>): Asked | null {
    const ids = Array.from(promptIds);
    const { bosId, eosId } = this.#vocabulary;
    const last = ids.lastIndexOf(eosId);
    const own = last < 0 ? ids : [bosId, ...ids.slice(last + 1)];
    return this.#byIds.get(own.join())?.asked ?? null;
  }

  /**
   * Different prompts of a part, in random order.
   * @throws RangeError where the part has too few
   */
  draw(part: Part, count: number, seed: number): readonly DialoguePrompt[] {
    const stream = new RandomStream(seed, `dialogue/prompts/${part}`);
    const left = INTENTS.map((intent) => shuffled(this.#parts[part][intent], stream));
    const available = this.count(part);
    if (count > available) {
      throw new RangeError(
        `PromptBook: expected at most ${available} prompts for ${part}, got ${count}. Ask for fewer.`,
      );
    }
    return Array.from({ length: count }, () => {
      const weights = INTENTS.map((intent, i) => (left[i]?.length ? INTENT_WEIGHTS[intent] : 0));
      return left[drawIndex(weights, stream)]?.pop() as DialoguePrompt;
    });
  }

  /**
   * The same query after two solved examples, which are those of training prompts.
   * @param seed of the examples: the same for all prompts
   * @param most tokens; examples that do not fit are left out, the first ones first
   */
  fewShot(
    prompt: DialoguePrompt,
    seed: number,
    most: number = Number.POSITIVE_INFINITY,
  ): DialoguePrompt {
    const { bosId, eosId, encode } = this.#vocabulary;
    const stream = new RandomStream(seed, "dialogue/few-shot");
    const examples = EXAMPLES.map((intent) => drawItem(this.#parts.train[intent], stream));
    let solved = examples.map(({ text, asked }) => `${text} ${bestAnswer(asked, this.#world)}`);
    const idsOf = (texts: readonly string[]) => texts.flatMap((text) => [...encode(text), eosId]);
    while (solved.length > 0 && idsOf(solved).length + prompt.ids.length > most) {
      solved = solved.slice(1);
    }
    const before = idsOf(solved);
    return {
      ids: [bosId, ...before, ...prompt.ids.slice(1)],
      text: [...solved, prompt.text].join(" <eos> "),
      asked: prompt.asked,
    };
  }
}

/** Prompts by intent. */
export type IntentLists = Readonly<Record<Intent, readonly DialoguePrompt[]>>;

/** One of the prompts: the intent by its weight, then all alike. */
export function drawPrompt(lists: IntentLists, stream: RandomStream): DialoguePrompt {
  const weights = INTENTS.map((intent) => INTENT_WEIGHTS[intent]);
  return drawItem(lists[INTENTS[drawIndex(weights, stream)] as Intent], stream);
}

/** Probability that {@link drawPrompt} gives a prompt of the lists. */
export function promptProbability(lists: IntentLists, { asked }: DialoguePrompt): number {
  return INTENT_WEIGHTS[asked.intent] / lists[asked.intent].length;
}

function promptOf({ asked, text: query }: Query, { bosId, encode }: Vocabulary): DialoguePrompt {
  const text = `${SPEAKERS.human} ${query} ${SPEAKERS.assistant}`;
  return { ids: [bosId, ...encode(text)], text, asked };
}

function byIntent(prompts: readonly DialoguePrompt[]): IntentLists {
  const of = (intent: Intent) => prompts.filter(({ asked }) => asked.intent === intent);
  return {
    one: of("one"),
    two: of("two"),
    compare: of("compare"),
    unknown: of("unknown"),
    chat: of("chat"),
  };
}
