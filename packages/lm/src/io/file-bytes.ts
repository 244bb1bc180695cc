/** Files of a model folder as bytes: ranges of large ones, small ones whole. */
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { CheckpointError } from "../checkpoint/error.ts";
import type { ByteSource } from "../checkpoint/source.ts";

/** Bytes asked of the system at a time; Linux returns less than 2 GiB per call. */
const CHUNK = 1 << 28;

/** Largest file that is read whole. Tokenizers of 256,000 tokens take about 35 MB. */
const MAX_WHOLE = 1 << 28;

/** An open file. */
export class FileBytes implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly #handle: FileHandle;

  private constructor(name: string, size: number, handle: FileHandle) {
    this.name = name;
    this.size = size;
    this.#handle = handle;
  }

  /** @throws CheckpointError when there is no such file, or it cannot be read. */
  static async open(path: string): Promise<FileBytes> {
    const handle = await open(path, "r").catch((cause: unknown) => {
      throw unreadable(path, cause);
    });
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw unreadable(path, new Error("not a file"));
      return new FileBytes(basename(path), stats.size, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  async read(target: Uint8Array, position: number): Promise<void> {
    let done = 0;
    while (done < target.length) {
      const length = Math.min(CHUNK, target.length - done);
      const { bytesRead } = await this.#handle.read(target, done, length, position + done);
      if (bytesRead === 0) {
        throw new CheckpointError(
          `${this.name}: expected bytes up to ${position + target.length}, got ` +
            `${position + done}. The file is incomplete: get it anew.`,
        );
      }
      done += bytesRead;
    }
  }

  /** Closes the file; reads after that fail. */
  async close(): Promise<void> {
    await this.#handle.close();
  }
}

/** A small file whole. @throws CheckpointError when it cannot be read or is not small. */
export async function readSmallFile(path: string): Promise<Uint8Array> {
  const file = await FileBytes.open(path);
  try {
    if (file.size > MAX_WHOLE) {
      throw new CheckpointError(
        `${file.name}: expected at most ${MAX_WHOLE} bytes, got ${file.size}. The file is damaged.`,
      );
    }
    const bytes = new Uint8Array(file.size);
    await file.read(bytes, 0);
    return bytes;
  } finally {
    await file.close();
  }
}

/** As {@link readSmallFile}; null when there is no such file. */
export async function readIfThere(path: string): Promise<Uint8Array | null> {
  return readSmallFile(path).catch((error: unknown) => {
    if (error instanceof CheckpointError && isAbsent(error.cause)) return null;
    throw error;
  });
}

function isAbsent(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "ENOENT";
}

function unreadable(path: string, cause: unknown): CheckpointError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new CheckpointError(
    `${path}: expected a readable file, got an error (${reason}). Check the path.`,
    { cause },
  );
}
