/**
 * Golden fixtures: numbers written by reference implementations, kept outside the repository in
 * `../shared/fixtures`, or in `$PREFLAB_SHARED/fixtures`. Tests that need them skip, and say so,
 * where they are absent.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type GoldenTensor, parseSafetensors } from "./safetensors.ts";
import { describeUnless } from "./skip.ts";

const SIBLING = fileURLToPath(new URL("../../../../shared", import.meta.url));

/** One folder of golden fixtures. */
export class Fixture {
  readonly directory: string;

  /** @param directory absolute path of the folder. */
  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Reads a JSON file, in which non-finite numbers are the strings "NaN", "Infinity" and
   * "-Infinity". The caller names the type; it is not checked.
   */
  json<T>(file: string): T {
    return parseGoldenJson(readFileSync(join(this.directory, file), "utf8")) as T;
  }

  /** Reads a safetensors file of F32 and I32 tensors, by name. */
  tensors(file: string): Map<string, GoldenTensor> {
    return parseSafetensors(readFileSync(join(this.directory, file)));
  }
}

/** Parses JSON, turning the strings "NaN", "Infinity" and "-Infinity" into those numbers. */
export function parseGoldenJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) =>
    value === "NaN" || value === "Infinity" || value === "-Infinity" ? Number(value) : value,
  );
}

/**
 * Finds a folder of golden fixtures.
 *
 * @param folder name under `fixtures`, such as "optim".
 * @param shared folder that holds `fixtures`: `$PREFLAB_SHARED`, else `../shared` beside the
 *   repository.
 * @returns the fixture, or the reason why it is absent.
 */
export function findFixture(
  folder: string,
  shared: string = process.env["PREFLAB_SHARED"] ?? SIBLING,
): Fixture | string {
  const directory = join(shared, "fixtures", folder);
  if (existsSync(directory)) return new Fixture(directory);
  return `no golden fixtures "${folder}" in ../shared/fixtures or $PREFLAB_SHARED/fixtures`;
}

/**
 * `describe` for tests that need a folder of golden fixtures; without it, one skipped test that
 * prints the reason.
 */
export function describeWithFixture(
  folder: string,
  name: string,
  body: (fixture: Fixture) => void,
): void {
  const fixture = findFixture(folder);
  if (typeof fixture === "string") describeUnless(fixture, name, () => {});
  else describeUnless(undefined, name, () => body(fixture));
}
