import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PROGRAM } from "../program.ts";
import { temporaryFolder } from "./stages.ts";

/** As often as the sweep is killed. */
const KILLS = 10;

/** Most seconds until a kill: with ten of them all stages are hit, on two cores. */
const MOST_SECONDS = 15;

/** One of them alone: `-t sentiment`. */
const EXPERIMENTS = ["sentiment", "dialogue"] as const;

function sweep(experiment: string, folder: string, jobs: number) {
  const args = ["sweep", "--experiment", experiment, "--preset", "smoke", "--out", folder];
  const child = spawn(process.execPath, [...PROGRAM, ...args, "--jobs", String(jobs)], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return { child, ended: once(child, "close") };
}

const results = (folder: string) => readFileSync(join(folder, "results.json"), "utf8");

describe.each(EXPERIMENTS)("preflab sweep of %s", (experiment) => {
  test("gives the same results.json with other jobs, and after being killed ten times", async () => {
    const [whole, killed] = [temporaryFolder(), temporaryFolder()];
    expect(await sweep(experiment, whole, 2).ended).toEqual([0, null]);
    for (let kill = 0; kill < KILLS; kill++) {
      const { child, ended } = sweep(experiment, killed, 1 + (kill % 2));
      const seconds = 3 + MOST_SECONDS * Math.random();
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
      child.kill("SIGKILL");
      await ended;
      process.stderr.write(`killed after ${seconds.toFixed(1)} s\n`);
    }
    expect(await sweep(experiment, killed, 1).ended).toEqual([0, null]);
    expect(results(killed)).toBe(results(whole));
  });
});
