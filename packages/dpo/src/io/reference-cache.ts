/**
 * Reference log-probabilities on disk. A file's name is a hash of all that they depend on: weights,
 * config, how tokens are laid out and summed, and the token ids of every example, which is where
 * tokenizer, template, truncation and data have their effect. A change of any of them is another
 * file; a damaged file is computed anew.
 */

import { createHash, type Hash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "@preflab/lm";
import { getBackend } from "@tensorflow/tfjs-core";
import { completionsPerGroup, type Group } from "../groups/group.ts";
import {
  type ReferenceModel,
  type ReferenceOptions,
  referenceLogps,
} from "../reference/reference.ts";

/** Changes when log-probabilities of equal inputs may. */
const FORMAT = "preflab reference log-probabilities 1";

/** Bytes of the digest behind the numbers. */
const DIGEST_BYTES = 32;

/** Log-probabilities, and where they came from. */
export interface CachedLogps {
  /** See `referenceLogps`. */
  readonly logps: Float32Array;
  /** Path of the file. */
  readonly file: string;
  /** Whether the file was there. */
  readonly found: boolean;
}

/**
 * As `referenceLogps`, but read from `folder` where an earlier call has left them there.
 * @param folder made if missing
 * @param onProgress told how many examples are done, if any have to be computed
 */
export async function cachedReferenceLogps(
  folder: string,
  model: ReferenceModel,
  groups: readonly Group[],
  options: ReferenceOptions,
  onProgress?: (done: number) => void,
): Promise<CachedLogps> {
  const file = join(folder, `${await referenceKey(model, groups, options)}.f32`);
  const known = await readLogps(file, groups.length * completionsPerGroup(groups));
  if (known) return { logps: known, file, found: true };
  const logps = await referenceLogps(model, groups, options, onProgress);
  await mkdir(folder, { recursive: true });
  const bytes = new Uint8Array(logps.buffer, logps.byteOffset, logps.byteLength);
  await writeAtomically(file, async (append) => {
    await append(bytes);
    await append(digestOf(bytes));
  });
  return { logps, file, found: false };
}

/** Hash of all that reference log-probabilities depend on, as 64 hexadecimal digits. */
export async function referenceKey(
  { config, params }: ReferenceModel,
  groups: readonly Group[],
  { layout, batchSize, reduction }: ReferenceOptions,
): Promise<string> {
  const hash = createHash("sha256");
  // Layout, batches and backend change the last bit, which a run that is repeated must have again.
  const settings = { layout, batchSize, ldAlpha: reduction.ldAlpha, backend: getBackend() };
  hash.update(JSON.stringify([FORMAT, config, settings]));
  for (const [name, tensor] of Object.entries(params)) {
    hash.update(JSON.stringify([name, tensor.shape]));
    hash.update(await tensor.data<"float32">());
  }
  for (const { promptIds, completions } of groups) {
    updateIds(hash, promptIds);
    for (const completion of completions) updateIds(hash, completion);
  }
  return hash.digest("hex");
}

/** With the number of ids first, so that no two lists of lists look alike. */
function updateIds(hash: Hash, ids: ArrayLike<number>): void {
  hash.update(Int32Array.of(ids.length));
  hash.update(Int32Array.from(ids));
}

/** The numbers of a file; null where it is missing or damaged. */
async function readLogps(file: string, count: number): Promise<Float32Array | null> {
  const bytes = await readFile(file).catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
  const size = count * Float32Array.BYTES_PER_ELEMENT;
  if (bytes === null || bytes.length !== size + DIGEST_BYTES) return null;
  const numbers = bytes.subarray(0, size);
  if (!digestOf(numbers).equals(bytes.subarray(size))) return null;
  return new Float32Array(Uint8Array.from(numbers).buffer);
}

function digestOf(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
