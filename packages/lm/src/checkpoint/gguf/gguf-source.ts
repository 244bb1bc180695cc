/** The tensors of a GGUF file, dequantised to float32 when read. */
import { CheckpointError } from "../error.ts";
import {
  type ByteSource,
  type CheckpointSource,
  elementCount,
  type TensorSpec,
  type TensorValues,
} from "../source.ts";
import { type GgufHeader, type GgufTensor, parseGgufHeader } from "./header.ts";
import type { MetadataValue } from "./reader.ts";

/** Bytes read at first to find the header in. */
const FIRST_READ = 1 << 20;

/** Longest header, in bytes. The largest vocabularies take about 20 MB. */
const MAX_HEADER = 1 << 26;

/** Blocks dequantised at a time; of the largest type about 1 MB. */
const CHUNK_BLOCKS = 4096;

/** An open GGUF file. */
export class GgufSource implements CheckpointSource {
  /** Everything the file says beside its tensors, by key. */
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly #bytes: ByteSource;
  readonly #tensors: ReadonlyMap<string, GgufTensor>;

  private constructor(bytes: ByteSource, header: GgufHeader) {
    this.#bytes = bytes;
    this.metadata = header.metadata;
    this.#tensors = header.tensors;
  }

  /**
   * Reads and checks the header.
   *
   * @throws CheckpointError when the file is damaged, or of a type that is not read.
   */
  static async open(bytes: ByteSource): Promise<GgufSource> {
    for (let length = FIRST_READ; ; length *= 4) {
      const start = new Uint8Array(Math.min(length, bytes.size, MAX_HEADER));
      await bytes.read(start, 0);
      const header = parseGgufHeader(start, bytes);
      if (header) return new GgufSource(bytes, header);
      if (start.length === MAX_HEADER) {
        throw new CheckpointError(
          `${bytes.name}: expected a header of at most ${MAX_HEADER} bytes, got a longer one. ` +
            "The file is damaged.",
        );
      }
    }
  }

  names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  /** Whether there is a tensor of this name. */
  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  spec(name: string): TensorSpec {
    const { type, shape } = this.#tensor(name);
    return { dtype: type.name, shape };
  }

  async read(name: string): Promise<TensorValues> {
    const { type, shape, begin, end } = this.#tensor(name);
    const values = new Float32Array(elementCount(shape));
    const chunk = new Uint8Array(Math.min(CHUNK_BLOCKS * type.bytes, end - begin));
    for (let at = begin; at < end; at += chunk.length) {
      const blocks = chunk.subarray(0, Math.min(chunk.length, end - at));
      await this.#bytes.read(blocks, at);
      type.dequantize(blocks, values, ((at - begin) / type.bytes) * type.weights);
    }
    return values;
  }

  #tensor(name: string): GgufTensor {
    const tensor = this.#tensors.get(name);
    if (tensor) return tensor;
    throw new CheckpointError(`${this.#bytes.name}: expected a tensor "${name}", got none.`);
  }
}
