/**
 * One file of the Hub on its way into the cache: into `NAME.incomplete`, from where it goes on after
 * an interruption, and under its name only when its hash is right. The library's own download
 * starts over after an interruption and checks nothing.
 */
import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { exists } from "./hub-files.ts";

/** Bytes read back at a time. */
const CHUNK = 1 << 20;

/** What a file must turn out to be. */
export interface BlobSpec {
  /** Bytes. */
  readonly size: number;
  /** Hexadecimal; `sha256` of the content, or what git calls the file. */
  readonly hash: { readonly kind: "sha256" | "git"; readonly value: string };
}

/** A content that is not what it must be. */
export class WrongContentError extends Error {
  override readonly name = "WrongContentError";
}

/** Gives a file's bytes from an offset on, or from 0 if it cannot; may end too early. */
export type ReadFrom = (offset: number) => Promise<{
  readonly offset: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}>;

/**
 * Downloads a file. A connection that breaks is opened again as long as each one brings something.
 *
 * Two processes may do this at once: both write the same bytes to the same places.
 *
 * @param path where the file is in the end
 * @param onBytes called with the number of bytes that are there, those of an earlier attempt included
 * @throws WrongContentError for a wrong size or hash, the bytes being dropped; what `readFrom` throws
 */
export async function downloadBlob(
  path: string,
  spec: BlobSpec,
  readFrom: ReadFrom,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const partial = `${path}.incomplete`;
  const handle = await open(partial, constants.O_RDWR | constants.O_CREAT, 0o644);
  try {
    const transfer = new Transfer(handle, spec, onBytes);
    await transfer.resume();
    while (transfer.bytes < spec.size) await transfer.continue(readFrom);
    transfer.check();
    await handle.sync();
  } catch (error) {
    if (error instanceof WrongContentError) await rm(partial, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(partial, path).catch(async (error: unknown) => {
    // Another process may have been faster.
    if (!(await exists(path))) throw error;
  });
}

class Transfer {
  /** How many are there, from the beginning. */
  bytes = 0;
  readonly #handle: FileHandle;
  readonly #spec: BlobSpec;
  readonly #onBytes: (bytes: number) => void;
  #hash: Hash;
  /** How many there were at most, which tells progress where a server always starts over. */
  #most = 0;

  constructor(handle: FileHandle, spec: BlobSpec, onBytes: (bytes: number) => void) {
    this.#handle = handle;
    this.#spec = spec;
    this.#onBytes = onBytes;
    this.#hash = beginHash(spec);
  }

  /** Takes up what an earlier attempt left. */
  async resume(): Promise<void> {
    const { size } = await this.#handle.stat();
    const buffer = new Uint8Array(CHUNK);
    while (this.bytes < Math.min(size, this.#spec.size)) {
      const { bytesRead } = await this.#handle.read(buffer, 0, CHUNK, this.bytes);
      if (bytesRead === 0) break;
      this.#take(buffer.subarray(0, bytesRead));
    }
    if (size > this.#spec.size) await this.#handle.truncate(this.#spec.size);
    this.#most = this.bytes;
  }

  /** Reads on until the connection ends. @throws what broke it, unless it brought something new */
  async continue(readFrom: ReadFrom): Promise<void> {
    const { offset, chunks } = await readFrom(this.bytes);
    if (offset !== this.bytes) this.#restart();
    let broken: unknown = new Error("an empty answer");
    const keep = (error: unknown): void => {
      broken = error;
    };
    for await (const chunk of untilBroken(chunks, keep)) {
      if (this.bytes + chunk.length > this.#spec.size) {
        throw new WrongContentError(`expected ${this.#spec.size} bytes, got more`);
      }
      await this.#write(chunk);
      this.#take(chunk);
    }
    if (this.bytes <= this.#most) throw broken;
    this.#most = this.bytes;
  }

  /** @throws WrongContentError unless the content is the right one */
  check(): void {
    const got = this.#hash.digest("hex");
    const { kind, value } = this.#spec.hash;
    if (got !== value) throw new WrongContentError(`expected ${kind} hash ${value}, got ${got}`);
  }

  #restart(): void {
    this.bytes = 0;
    this.#hash = beginHash(this.#spec);
  }

  #take(chunk: Uint8Array): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    this.#onBytes(this.bytes);
  }

  /** At its place rather than at the end, for the sake of a second process. */
  async #write(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length; ) {
      const rest = chunk.length - done;
      const { bytesWritten } = await this.#handle.write(chunk, done, rest, this.bytes + done);
      done += bytesWritten;
    }
  }
}

/** The chunks until there are no more, for whatever reason. */
async function* untilBroken(
  chunks: AsyncIterable<Uint8Array>,
  onBroken: (error: unknown) => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    onBroken(error);
  }
}

function beginHash({ hash, size }: BlobSpec): Hash {
  if (hash.kind === "sha256") return createHash("sha256");
  // The id of a git object covers its kind and size, too.
  return createHash("sha1").update(`blob ${size}\0`);
}
