/** Checks that published settings have sources. */

import { expect } from "vitest";
import type { Preset } from "../src/rollouts/preset.ts";

/** Objects that are one setting. */
const WHOLE = ["update.clipRange", "score.unfinished", "optimizer.betas"];

/** Paths of all settings. */
function paths(value: unknown, path = ""): string[] {
  const isObject = typeof value === "object" && value !== null && !WHOLE.includes(path);
  if (!isObject) return [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    paths(inner, path ? `${path}.${key}` : key),
  );
}

const covers = (source: string, path: string) => path === source || path.startsWith(`${source}.`);

/** Every setting has exactly one source, and every source has settings. */
export function expectSourced({ settings, sources }: Preset<unknown>): void {
  const named = sources.flatMap(({ of }) => of);
  const all = paths(settings);
  for (const path of all) {
    expect(
      named.filter((source) => covers(source, path)),
      path,
    ).toHaveLength(1);
  }
  for (const source of named) {
    expect(
      all.some((path) => covers(source, path)),
      source,
    ).toBe(true);
  }
}
