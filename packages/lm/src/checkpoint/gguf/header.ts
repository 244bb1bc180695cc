/**
 * The header of a GGUF file, versions 2 and 3: metadata and the list of tensors. Parsed here and
 * not by @huggingface/gguf 0.4.6, which drops U+FEFF at the start of a string (a token of Llama
 * 2), reads zeros where a file is cut off, and cuts strings at the edge of a chunk.
 */
import { CheckpointError } from "../error.ts";
import { describe } from "../json.ts";
import { elementCount, showShape } from "../source.ts";
import { type BlockType, blockType, blockTypeName, blockTypeNames } from "./blocks.ts";
import { HeaderReader, type MetadataValue } from "./reader.ts";

/** A tensor and where it lies in the file. */
export interface GgufTensor {
  readonly type: BlockType;
  /** Row-major, as everywhere else; the file has it the other way round. */
  readonly shape: readonly number[];
  /** Byte range in the file. */
  readonly begin: number;
  readonly end: number;
}

/** What a GGUF file says before its data. */
export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, MetadataValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** ggml's limit. */
const MAX_AXES = 4;

/** Alignment of the data where the metadata names none. */
const DEFAULT_ALIGNMENT = 32;

/**
 * Parses the header.
 *
 * @param start the first bytes of the file.
 * @param file its name and size.
 * @returns undefined when the header goes on after `start`.
 * @throws CheckpointError when it is damaged, or of another version or byte order.
 */
export function parseGgufHeader(
  start: Uint8Array,
  file: { readonly name: string; readonly size: number },
): GgufHeader | undefined {
  const reader = new HeaderReader(start, file);
  const header = reader.complete(() => {
    readMagic(reader, file.name);
    const tensorCount = reader.count("tensors", 24);
    const metadata = readMetadata(reader, reader.count("metadata entries", 13), file.name);
    const infos = Array.from({ length: tensorCount }, () => readInfo(reader));
    return { metadata, infos };
  });
  if (header === undefined) return undefined;
  const { metadata, infos } = header;
  const alignment = metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== "number" || !(alignment > 0 && alignment % 8 === 0)) {
    throw damaged(file.name, "general.alignment to be a multiple of 8", describe(alignment));
  }
  const dataStart = Math.ceil(reader.position / alignment) * alignment;
  const tensors = new Map<string, GgufTensor>();
  for (const info of infos) {
    if (tensors.has(info.name)) throw damaged(file.name, "every tensor once", info.name);
    tensors.set(info.name, locate(info, dataStart, alignment, file));
  }
  checkOverlap(tensors, file.name);
  return { metadata, tensors };
}

interface TensorInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: number;
  readonly offset: number;
}

function readMagic(reader: HeaderReader, file: string): void {
  const magic = reader.uint32();
  if (magic !== 0x46554747) {
    throw damaged(file, "the letters GGUF first", `0x${magic.toString(16)}`);
  }
  const version = reader.uint32();
  if (version === 2 || version === 3) return;
  throw new CheckpointError(
    `${file}: expected GGUF version 2 or 3, little-endian, got version ${version}. Convert the ` +
      "file with a current llama.cpp.",
  );
}

function readMetadata(
  reader: HeaderReader,
  count: number,
  file: string,
): Map<string, MetadataValue> {
  const metadata = new Map<string, MetadataValue>();
  for (let i = 0; i < count; i++) {
    const key = reader.text();
    if (metadata.has(key)) throw damaged(file, "every metadata key once", describe(key));
    metadata.set(key, reader.value());
  }
  return metadata;
}

function readInfo(reader: HeaderReader): TensorInfo {
  const name = reader.text();
  const axes = reader.uint32();
  if (axes > MAX_AXES) throw reader.damaged(`at most ${MAX_AXES} axes`, `${axes}`);
  const shape = Array.from({ length: axes }, () => reader.size()).reverse();
  return { name, shape, type: reader.uint32(), offset: reader.size() };
}

function locate(
  { name, shape, type: number, offset }: TensorInfo,
  dataStart: number,
  alignment: number,
  file: { readonly name: string; readonly size: number },
): GgufTensor {
  const where = `${file.name}: "${name}"`;
  const type = blockType(number);
  if (!type) {
    throw new CheckpointError(
      `${where}: expected type ${blockTypeNames}, got ${blockTypeName(number)}. Get the model in ` +
        "another quantisation.",
    );
  }
  const row = shape.at(-1) ?? 1;
  if (row % type.weights !== 0) {
    throw damaged(where, `rows of a multiple of ${type.weights} weights`, showShape(shape));
  }
  if (offset % alignment !== 0) {
    throw damaged(where, `an offset that is a multiple of ${alignment}`, `${offset}`);
  }
  const begin = dataStart + offset;
  const end = begin + (elementCount(shape) / type.weights) * type.bytes;
  if (!(end <= file.size)) throw damaged(where, `bytes up to ${end}`, `${file.size} in all`);
  return { type, shape, begin, end };
}

function checkOverlap(tensors: ReadonlyMap<string, GgufTensor>, file: string): void {
  const ordered = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const [name, { begin, end }] of ordered) {
    if (begin < at) throw damaged(file, `"${name}" after byte ${at}`, `${begin}`);
    at = end;
  }
}

function damaged(where: string, expected: string, got: string): CheckpointError {
  return new CheckpointError(
    `${where}: expected ${expected}, got ${got}. The file is damaged or incomplete: get it anew.`,
  );
}
