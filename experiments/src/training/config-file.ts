/**
 * Config files of training commands: YAML, with settings of the command line over it. Errors about a
 * setting name the line, or the option, that it comes from. What settings mean is up to who reads them.
 */
import { readFile } from "node:fs/promises";
import { ConfigError, OptionReader } from "@preflab/lm";
import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { UsageError } from "../errors.ts";
import { parseSettings } from "../settings.ts";

/** A config file that has been parsed. */
export interface ConfigFile {
  /**
   * Lets `use` read the settings and returns its result.
   * @param name of the settings as a whole, for messages
   * @throws UsageError with the place of a setting that cannot be used, or is not known
   */
  read<Result>(name: string, use: (reader: OptionReader) => Result): Result;
  /** Runs `use`, which may throw errors about settings, and adds their place. */
  placing<Result>(use: () => Result): Result;
}

/**
 * Reads a config file.
 * @param settings `key=value` texts, such as `optimizer.lr=1e-6`; keys are dotted paths
 * @throws UsageError for files that are no YAML mapping and settings that do not fit into them
 */
export async function readConfigFile(
  path: string,
  settings: readonly string[],
): Promise<ConfigFile> {
  return parseConfigFile(path, await readFile(path, "utf8"), settings);
}

/** As {@link readConfigFile}, of a text. */
export function parseConfigFile(
  path: string,
  text: string,
  settings: readonly string[],
): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error) {
    const { line, col } = lines.linePos(error.pos[0]);
    throw new UsageError(`${path}:${line}:${col}: expected YAML, got an error: ${error.message}.`);
  }
  const value: unknown = document.toJS() ?? {};
  const overrides = Object.entries(parseSettings(settings));
  for (const [key, setting] of overrides) override(value, key, setting);
  const placeOf = (keys: readonly string[]): string => {
    const dotted = keys.join(".");
    const option = overrides.find(([key]) => dotted === key || dotted.startsWith(`${key}.`));
    if (option) return `--set ${option[0]}`;
    const offset = offsetOf(document, keys);
    return offset === null ? path : `${path}:${lines.linePos(offset).line}`;
  };
  const placing = <Result>(use: () => Result): Result => {
    try {
      return use();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new UsageError(`${placeOf(error.path)}: ${error.message}`);
    }
  };
  return {
    placing,
    read: (name, use) =>
      placing(() => {
        const reader = new OptionReader(name, value);
        const result = use(reader);
        reader.finish();
        return result;
      }),
  };
}

/** Sets the value at a dotted path, making the objects on the way. */
function override(root: unknown, key: string, value: unknown): void {
  const names = key.split(".");
  let place = root;
  for (const [depth, name] of names.entries()) {
    if (!isObject(place)) {
      const above = names.slice(0, depth).join(".") || "the config";
      throw new UsageError(
        `--set ${key}: expected ${above} to be settings, got ${JSON.stringify(place)}.`,
      );
    }
    if (depth === names.length - 1) place[name] = value;
    else {
      const inner = Object.hasOwn(place, name) ? (place[name] ?? {}) : {};
      place[name] = inner;
      place = inner;
    }
  }
}

/** Where in the text the key at a path begins, or the last key on the way that is there. */
function offsetOf(document: Document.Parsed, keys: readonly string[]): number | null {
  let node: Node | null = document.contents;
  let offset: number | null = null;
  for (const key of keys) {
    const pair = isMap<Node, Node | null>(node)
      ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
      : undefined;
    if (!pair) return offset;
    offset = pair.key.range?.[0] ?? offset;
    node = pair.value;
  }
  return offset;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
