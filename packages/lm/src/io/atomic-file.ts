/**
 * Writes files such that whoever reads sees the old content or the new one, also after a crash:
 * a temporary file in the same folder, flushed to disk, then renamed over the old one.
 */
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** Bytes given to the system at a time. */
const CHUNK = 1 << 28;

/**
 * Replaces a file.
 *
 * @param write appends the content; when it throws, the old file stays.
 */
export async function writeAtomically(
  path: string,
  write: (append: (bytes: Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.partial`);
  try {
    const handle = await open(temporary, "w");
    try {
      await write((bytes) => append(handle, bytes));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Replaces a text file. */
export async function writeTextAtomically(path: string, text: string): Promise<void> {
  await writeAtomically(path, (append) => append(new TextEncoder().encode(text)));
}

async function append(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(CHUNK, bytes.length - done));
    done += bytesWritten;
  }
}

/** Makes a rename durable, on systems where a folder can be flushed. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
