/** Settings of the data to train on, which all trainers share. */
import { FORMAT_NAMES, type FormatName, locate, type TruncationOptions } from "@preflab/data";
import type { OptionReader } from "@preflab/lm";
import { type Fingerprint, fingerprint } from "./fingerprint.ts";

/** Where examples come from. */
export interface DataSettings {
  /** File, folder or name on the Hugging Face Hub, see `locate`. */
  readonly train: string;
  /** The same of held-out examples; null for no evaluation. */
  readonly eval: string | null;
  /** False takes batches of consecutive rows, in file order. */
  readonly shuffle: boolean;
  /** What rows are; `auto` tells from the first ones. */
  readonly format: FormatName | "auto";
  /** Whether bad rows end the run before it starts, or are left out. */
  readonly onError: "fail" | "drop";
}

/** Data of which a part may be held out. */
export interface SplitDataSettings extends DataSettings {
  /** Share of the prompts of `train` that are held out, in `[0, 0.9]`; 0 with `eval`. */
  readonly evalShare: number;
}

/** Beyond this share of held-out prompts, hardly anything is left to learn from. */
const MOST_HELD = 0.9;

/** Reads `data`. @throws ConfigError */
export function readDataSettings(reader: OptionReader): DataSettings {
  const own = reader.object("data");
  const settings = readFiles(own);
  own.finish();
  return settings;
}

/** Reads `data` with `evalShare`. @throws ConfigError */
export function readSplitDataSettings(reader: OptionReader): SplitDataSettings {
  const own = reader.object("data");
  const settings = { ...readFiles(own), evalShare: own.number("evalShare", 0, 0, MOST_HELD) };
  own.finish();
  if (settings.eval === null || settings.evalShare === 0) return settings;
  throw own.wrong("evalShare", "0 with data.eval, which is the data that is held out");
}

/** Reads `maxPromptLength` and `truncation`: how rows of texts are cut. @throws ConfigError */
export function readTruncation(reader: OptionReader, maxLength: number): TruncationOptions {
  const mode = reader.choice("truncation", "keep_start", ["keep_start", "keep_end"] as const);
  if (!reader.has("maxPromptLength")) return { maxLength, mode };
  const maxPromptLength = reader.integer("maxPromptLength", 0, 1);
  if (maxPromptLength < maxLength) return { maxLength, maxPromptLength, mode };
  throw reader.wrong("maxPromptLength", `below maxLength, which is ${maxLength}`);
}

function readFiles(own: OptionReader): DataSettings {
  const train = own.string("train", null);
  if (train === null) throw own.wrong("train", "a file or folder of examples");
  return {
    train,
    eval: own.string("eval", null),
    shuffle: own.boolean("shuffle", true),
    format: own.choice("format", "auto", ["auto", ...FORMAT_NAMES] as const),
    onError: own.choice("onError", "fail", ["fail", "drop"] as const),
  };
}

/** Hashes of the files, for the manifest. */
export async function fingerprints({
  train,
  eval: held,
}: Pick<DataSettings, "train" | "eval">): Promise<{
  train: Fingerprint;
  eval: Fingerprint | null;
}> {
  return {
    train: await fingerprintOfData(train),
    eval: held === null ? null : await fingerprintOfData(held),
  };
}

/** Hash of a file, a folder or the files of a name on the Hub. */
export async function fingerprintOfData(name: string): Promise<Fingerprint> {
  const { path } = await locate(name);
  return { ...(await fingerprint(path)), path: name };
}
