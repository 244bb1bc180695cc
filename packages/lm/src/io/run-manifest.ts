/**
 * manifest.json of a folder of results: what was run, and whether what is to go on with it is the
 * same. What else the folder holds is up to the caller.
 */
import { join } from "node:path";
import { CheckpointError } from "../checkpoint/error.ts";
import { type JsonObject, parseJsonObject } from "../checkpoint/json.ts";
import { writeTextAtomically } from "./atomic-file.ts";
import { readIfThere } from "./file-bytes.ts";

const MANIFEST = "manifest.json";

/** What was run: plain JSON with the resolved config, and whatever else is worth knowing. */
export interface RunManifest {
  /** A run is resumed with this very config, but for {@link ManifestOptions.mayChange}. */
  readonly config: unknown;
  /** What else a run must find again when it is resumed, such as hashes of its data. */
  readonly inputs?: unknown;
  readonly [key: string]: unknown;
}

/** Options of {@link openManifest}. */
export interface ManifestOptions {
  /** Go on where the folder's run was; without a run there, start one. Default false. */
  readonly resume?: boolean;
  /**
   * Settings that a resumed run may have others of, such as `maxSteps` or `optimizer.lr`; manifest.json
   * then tells from which step on. Default: none.
   */
  readonly mayChange?: readonly string[];
}

/**
 * Writes the manifest of a run that starts, or checks that of the run that goes on.
 * @param folder exists already
 * @param latest steps that the run has done
 * @returns whether a run goes on
 * @throws CheckpointError when the folder holds a run that is not to be resumed, or one of another
 *   config
 */
export async function openManifest(
  folder: string,
  manifest: RunManifest,
  latest: number,
  { resume = false, mayChange = [] }: ManifestOptions = {},
): Promise<boolean> {
  const path = join(folder, MANIFEST);
  const known = await readIfThere(path);
  if (known !== null && !resume) {
    throw new CheckpointError(
      `${folder}: expected a folder without a run, got one. Resume it, or choose another folder.`,
    );
  }
  const before = known && parseJsonObject(known, MANIFEST);
  const written = before ? resumedManifest(folder, before, manifest, mayChange, latest) : manifest;
  if (written !== before) await writeTextAtomically(path, `${JSON.stringify(written, null, 2)}\n`);
  return before !== null;
}

/**
 * The manifest of a run that goes on: the one that is there, with what has changed.
 * @throws CheckpointError naming what must not change
 */
function resumedManifest(
  folder: string,
  before: JsonObject,
  now: RunManifest,
  mayChange: readonly string[],
  latest: number,
): JsonObject {
  const isFree = (path: string) =>
    mayChange.some((free) => path === free || path.startsWith(`${free}.`));
  const inputs = differences(before["inputs"], now.inputs).map(({ text }) => `inputs.${text}`);
  const settings = differences(before["config"], now.config);
  const forbidden = settings.filter(({ path }) => !isFree(path)).map(({ text }) => text);
  if (forbidden.length + inputs.length > 0) {
    throw new CheckpointError(
      `${folder}: expected the config and inputs that the run was started with, got ` +
        `${[...forbidden, ...inputs].join(", ")}. Resume with the same settings and files, or start ` +
        "a run in another folder.",
    );
  }
  if (settings.length === 0) return before;
  const earlier = Array.isArray(before["changes"]) ? before["changes"] : [];
  const change = { afterStep: latest, settings: settings.map(({ text }) => text) };
  return { ...before, config: now.config, changes: [...earlier, change] };
}

/** Paths below which two plain values differ, and how, in words. */
function differences(before: unknown, now: unknown): { path: string; text: string }[] {
  const flat = (value: unknown) =>
    new Map(leaves("", JSON.parse(JSON.stringify(value ?? null)) as unknown));
  const [old, current] = [flat(before), flat(now)];
  return [...new Set([...old.keys(), ...current.keys()])]
    .filter((path) => old.get(path) !== current.get(path))
    .map((path) => {
      const text = `${path} = ${current.get(path) ?? "none"} instead of ${old.get(path) ?? "none"}`;
      return { path, text };
    });
}

/** Paths and JSON of all values that are not objects or lists, and of empty ones. */
function leaves(path: string, value: unknown): [string, string][] {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (entries.length === 0) return [[path || "value", JSON.stringify(value)]];
  return entries.flatMap(([key, child]) => leaves(path ? `${path}.${key}` : key, child));
}
