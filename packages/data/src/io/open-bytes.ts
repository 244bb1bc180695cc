/** Files as streams of bytes, decompressed; knows compression, not what the bytes mean. */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { BrokenSource } from "../sources/row.ts";

/** Bytes of one read; each is handed on and forgotten. */
const CHUNK_BYTES = 2 ** 18;

const GZIP = [0x1f, 0x8b];

/** The first bytes of a file, as they are on disk. */
export async function firstBytes(path: string, count: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Bytes of a file; what is inside, where it is compressed by gzip, which its first bytes tell.
 *
 * @throws BrokenSource where the compressed bytes end early or are wrong
 */
export async function* openBytes(path: string): AsyncGenerator<Uint8Array> {
  const head = await firstBytes(path, GZIP.length);
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  if (!GZIP.every((byte, i) => head[i] === byte)) {
    yield* file;
    return;
  }
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  file.on("error", (error) => gunzip.destroy(error));
  try {
    yield* file.pipe(gunzip);
  } catch (error) {
    throw gzipError(error);
  } finally {
    file.destroy();
  }
}

function gzipError(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  if (code === "Z_BUF_ERROR") {
    return new BrokenSource(
      "truncated_file",
      "expected the end of the gzip data, got the end of the file. Fetch it again.",
    );
  }
  if (!code.startsWith("Z_")) return error;
  const { message } = error as Error;
  return new BrokenSource("corrupt_file", `expected gzip data, got damaged bytes: ${message}.`);
}
