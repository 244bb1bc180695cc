/** Settings given as `key=value` on the command line. */
import { parse } from "yaml";
import { UsageError } from "./errors.ts";

/**
 * Parses `key=value` texts, as `--set` takes them. Values are YAML, like those of config files:
 * `0.1`, `true`, `null`, `[1, 2]`; anything else is a text.
 * @throws UsageError for other texts and for a key that comes twice
 */
export function parseSettings(texts: readonly string[]): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const text of texts) {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (key === undefined || value === undefined) {
      throw new UsageError(`--set: expected key=value, got "${text}".`);
    }
    if (Object.hasOwn(settings, key)) throw new UsageError(`--set: expected ${key} once, got two.`);
    settings[key] = parseValue(text, value);
  }
  return settings;
}

function parseValue(text: string, value: string): unknown {
  try {
    return parse(value) as unknown;
  } catch (error) {
    const [reason] = (error instanceof Error ? error.message : String(error)).split("\n");
    throw new UsageError(`--set: expected a YAML value in "${text}" (${reason}).`);
  }
}
