/** What the commands that use a model load: its weights, and its tokenizer where there is one. */
import {
  type LoadedModel,
  loadModel,
  loadTokenizer,
  resolveModel,
  type Tokenizer,
} from "@preflab/lm";
import { dispose } from "@tensorflow/tfjs-core";
import { CommandError } from "../errors.ts";
import { modelPlace } from "./model-place.ts";

/** A model with its tokenizer. */
export interface TextModel extends LoadedModel {
  readonly tokenizer: ModelTokenizer;
  /** Frees the weights. */
  dispose(): void;
}

/**
 * Loads a model folder, a GGUF file, a downloaded model or a run's onto the current backend.
 * @param name a path, `ORG/NAME` of a downloaded model, or a run: see {@link modelPlace}
 * @throws CheckpointError when the weights cannot be used; a tokenizer may be missing
 */
export async function loadTextModel(name: string): Promise<TextModel> {
  const { path } = await resolveModel(await modelPlace(name));
  const model = await loadModel(path);
  const tokenizer = await ModelTokenizer.load(path);
  return { ...model, tokenizer, dispose: () => dispose({ ...model.params }) };
}

/** The tokenizer of a model, which rows of ids do without. */
export class ModelTokenizer {
  /** Null where it is missing or cannot be used. */
  readonly found: Tokenizer | null;
  /** Why it is null. */
  readonly problem: string;

  private constructor(found: Tokenizer | null, problem: string) {
    this.found = found;
    this.problem = problem;
  }

  /** A missing one. @param problem why, and how to get one */
  static missing(problem: string): ModelTokenizer {
    return new ModelTokenizer(null, problem);
  }

  /** Loads the tokenizer of a model folder or GGUF file. */
  static async load(path: string): Promise<ModelTokenizer> {
    try {
      return new ModelTokenizer(await loadTokenizer(path), "");
    } catch (error) {
      return new ModelTokenizer(null, error instanceof Error ? error.message : String(error));
    }
  }

  /** @throws CommandError when there is none; `where` names what needs it */
  require(where: string): Tokenizer {
    if (this.found) return this.found;
    throw new CommandError(`${where} needs a tokenizer. ${this.problem}`);
  }
}

/**
 * Ids of the tokens that end a text: generation_config.json's, as in transformers, else those of the
 * config. Undefined leaves the choice to the config.
 */
export function endOfText({
  generationConfig,
}: Pick<LoadedModel, "generationConfig">): number | number[] | undefined {
  const ids: unknown = generationConfig?.["eos_token_id"];
  if (typeof ids === "number") return ids;
  return Array.isArray(ids) && ids.every((id) => typeof id === "number") ? ids : undefined;
}
