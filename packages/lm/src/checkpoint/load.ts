/** Reads the parameters of a model out of a checkpoint, one stored tensor at a time. */
import type { ModelConfig } from "../config.ts";
import { CheckpointError } from "./error.ts";
import { matchNames } from "./hub-names.ts";
import { type ParameterLayout, type Piece, place } from "./layout.ts";
import { huggingFaceLayouts } from "./names.ts";
import { type CheckpointSource, elementCount, showShape } from "./source.ts";

/** A parameter as plain numbers. */
export interface ParameterValues {
  /** Canonical name. */
  readonly name: string;
  /** Canonical shape. */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * The parameters of a Hugging Face checkpoint, in the order of the forward pass. Holds no more
 * than the parameter at hand and one stored tensor.
 *
 * @throws CheckpointError when tensors are missing, superfluous or of another shape or type than
 *   `config` implies; nothing is read before all of that is checked.
 */
export async function* readParameters(
  config: ModelConfig,
  source: CheckpointSource,
): AsyncGenerator<ParameterValues> {
  const names = source.names();
  checkCounts(config, names.length);
  const layouts = huggingFaceLayouts(config);
  const { stored, tiedHead } = matchNames(config, layouts, names);
  yield* readLayouts(layouts, source, stored);
  if (tiedHead !== null) await checkTiedHead(config, layouts, source, stored, tiedHead);
}

/**
 * The parameters that `layouts` describes, in its order.
 *
 * @param stored name in the source of each piece; the piece's own where it has none.
 */
export async function* readLayouts(
  layouts: readonly ParameterLayout[],
  source: CheckpointSource,
  stored: ReadonlyMap<string, string> = new Map(),
): AsyncGenerator<ParameterValues> {
  const nameOf = ({ name }: Piece) => stored.get(name) ?? name;
  for (const piece of layouts.flatMap(({ pieces }) => pieces)) {
    checkShape(source, nameOf(piece), piece.shape);
  }
  for (const layout of layouts) {
    const { name, shape, pieces, transposed } = layout;
    const [piece, ...others] = pieces;
    if (piece && others.length === 0 && !transposed && piece.order === null) {
      yield { name, shape, values: await readFloats(source, nameOf(piece)) };
      continue;
    }
    const values = new Float32Array(elementCount(shape));
    for (const piece of pieces) {
      place(layout, piece, await readFloats(source, nameOf(piece)), values);
    }
    yield { name, shape, values };
  }
}

/**
 * Rejects counts that no checkpoint with so many tensors can have, before lists are made of them.
 *
 * @throws CheckpointError when the config has more layers, or norms of heads, than tensors.
 */
export function checkCounts({ layers, heads, qkNorm }: ModelConfig, tensors: number): void {
  if (layers <= tensors && (!qkNorm || heads <= tensors)) return;
  throw new CheckpointError(
    `checkpoint: expected tensors for ${layers} layers of ${heads} heads, got ${tensors} tensors. ` +
      "Check that the configuration and the weights are of one model.",
  );
}

function checkShape(source: CheckpointSource, name: string, expected: readonly number[]): void {
  const { shape } = source.spec(name);
  const same =
    shape.length === expected.length && shape.every((extent, axis) => extent === expected[axis]);
  if (same) return;
  throw new CheckpointError(
    `checkpoint: expected "${name}" of shape ${showShape(expected)}, got ${showShape(shape)}. ` +
      "Check that the configuration and the weights are of one model.",
  );
}

async function readFloats(source: CheckpointSource, name: string): Promise<Float32Array> {
  const values = await source.read(name);
  if (values instanceof Float32Array) return values;
  throw new CheckpointError(
    `checkpoint: expected "${name}" to hold floats, got ${source.spec(name).dtype}. ` +
      "Quantised weights are read from GGUF files only.",
  );
}

/** A file may hold the tied head as well, but not another one. */
async function checkTiedHead(
  { vocabSize, width }: ModelConfig,
  layouts: readonly ParameterLayout[],
  source: CheckpointSource,
  stored: ReadonlyMap<string, string>,
  head: string,
): Promise<void> {
  checkShape(source, head, [vocabSize, width]);
  const embedding = stored.get(layouts[0]?.pieces[0]?.name ?? "") ?? "";
  const [a, b] = [await readFloats(source, head), await readFloats(source, embedding)];
  if (a.every((value, index) => Object.is(value, b[index]))) return;
  throw new CheckpointError(
    `checkpoint: expected "${head}" to equal "${embedding}", since config.json ties them, got ` +
      "other numbers. Set tie_word_embeddings to false if both are meant.",
  );
}
