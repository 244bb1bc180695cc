/** Settings of the data to train on, which all trainers share. */
import { FORMAT_NAMES, type FormatName, locate } from "@preflab/data";
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

/** Reads `data`. @throws ConfigError */
export function readDataSettings(reader: OptionReader): DataSettings {
  const own = reader.object("data");
  const train = own.string("train", null);
  if (train === null) throw own.wrong("train", "a file or folder of examples");
  const settings = {
    train,
    eval: own.string("eval", null),
    shuffle: own.boolean("shuffle", true),
    format: own.choice("format", "auto", ["auto", ...FORMAT_NAMES] as const),
    onError: own.choice("onError", "fail", ["fail", "drop"] as const),
  };
  own.finish();
  return settings;
}

/** Hashes of the files, for the manifest. */
export async function fingerprints({
  train,
  eval: held,
}: DataSettings): Promise<{ train: Fingerprint; eval: Fingerprint | null }> {
  const of = async (name: string) => {
    const { path } = await locate(name);
    return { ...(await fingerprint(path)), path: name };
  };
  return { train: await of(train), eval: held === null ? null : await of(held) };
}
