/** A training command within the test's process: config files, runs and what they leave behind. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Captured, capture, jsonLines } from "./capture.ts";
import { temporaryFolder } from "./fixtures.ts";

type Settings = Readonly<Record<string, unknown>>;

/** A training command with settings that all of its tests share. */
export interface TrainingCommand {
  /** Path of a config file with some settings changed; JSON is YAML. */
  config(changes?: Settings): string;
  /** Arguments for a process of its own. */
  args(config: string, ...more: readonly string[]): string[];
  /** Runs it. */
  run(config: string, ...more: readonly string[]): Promise<Captured>;
  /** Trains in a new folder. @throws Error unless it succeeds */
  trained(changes?: Settings): Promise<{ readonly out: string; readonly err: string }>;
}

/** The command `name` on backend ort. @param defaults settings, made anew for every config file */
export function trainingCommand(name: string, defaults: () => Settings): TrainingCommand {
  const config = (changes: Settings = {}) => {
    const path = join(temporaryFolder(), `${name}.yaml`);
    writeFileSync(path, JSON.stringify({ ...defaults(), ...changes }, null, 2));
    return path;
  };
  const args = (path: string, ...more: readonly string[]) => {
    return [name, "--backend", "ort", "--config", path, ...more];
  };
  const run = (path: string, ...more: readonly string[]) => capture(args(path, ...more));
  return {
    ...{ config, args, run },
    trained: async (changes = {}) => {
      const out = join(temporaryFolder(), "run");
      const { code, err } = await run(config(changes), "--out", out);
      if (code !== 0) throw new Error(`${name}: expected exit code 0, got ${code}: ${err}`);
      return { out, err };
    },
  };
}

/** The lines of metrics.jsonl, or of another file of a run. */
export function linesOf(run: string, file = "metrics.jsonl"): Record<string, number>[] {
  return jsonLines(readFileSync(join(run, file), "utf8"));
}
