/** Hashes of the files that a run starts from, by which a resumed run knows them again. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/** A file or folder of a moment. */
export interface Fingerprint {
  /** As it was given. */
  readonly path: string;
  readonly bytes: number;
  /** Of the content; of a folder, of the names and hashes of its files. */
  readonly sha256: string;
}

/** Files of a model folder that a model is read from. */
const MODEL_FILE = /\.(safetensors|json|model|txt|jinja)$/;

/** The fingerprint of a file, or of all files below a folder. */
export async function fingerprint(path: string): Promise<Fingerprint> {
  if ((await stat(path)).isFile()) return fingerprintOfFile(path);
  return combined(path, (await readdir(path)).sort(), fingerprint);
}

/** The fingerprint of a GGUF file, or of the files of a model folder that are read. */
export async function fingerprintOfModel(path: string): Promise<Fingerprint> {
  if ((await stat(path)).isFile()) return fingerprintOfFile(path);
  const names = (await readdir(path)).filter((name) => MODEL_FILE.test(name));
  return combined(path, names.sort(), fingerprintOfFile);
}

async function combined(
  path: string,
  names: readonly string[],
  of: (path: string) => Promise<Fingerprint>,
): Promise<Fingerprint> {
  const hash = createHash("sha256");
  let bytes = 0;
  for (const name of names) {
    const part = await of(join(path, name));
    hash.update(JSON.stringify([name, part.sha256]));
    bytes += part.bytes;
  }
  return { path, bytes, sha256: hash.digest("hex") };
}

async function fingerprintOfFile(path: string): Promise<Fingerprint> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { path, bytes, sha256: hash.digest("hex") };
}
