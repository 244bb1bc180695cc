import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeUnless } from "@preflab/testing";
import { describe, expect, test } from "vitest";
import { parseResults } from "../../src/study/results-file.ts";
import { temporaryFolder } from "./stages.ts";
import { FAILS, FULL } from "./toy/experiment.ts";
import { startToy, toy } from "./toy/start.ts";

const results = (folder: string) => readFileSync(join(folder, "results.json"), "utf8");
const sumsIn = (folder: string) =>
  parseResults(results(folder)).runs.map(({ evaluations }) => evaluations[0]?.gold);
const stageFolder = (folder: string, id: string) => {
  const name = readdirSync(join(folder, "stages")).find((entry) => entry.startsWith(`${id}-`));
  return join(folder, "stages", name ?? "missing");
};

describe("study/sweep", () => {
  test("builds all stages, finds them again, and only builds anew what is damaged", async () => {
    const folder = temporaryFolder();
    const first = await toy("sweep", "--out", folder, "--jobs", "2");
    expect(first).toMatchObject({ code: 0, out: `${folder}\n` });
    expect(first.err).toContain("4 stages to build, 2 at a time");
    const before = results(folder);
    expect(sumsIn(folder)).toEqual([127_101, 156_892]);
    rmSync(join(folder, "results.json"));
    expect(await toy("sweep", "--out", folder)).toEqual({ code: 0, out: `${folder}\n`, err: "" });
    expect(results(folder)).toBe(before);
    writeFileSync(join(stageFolder(folder, "run_seed1"), "sum.json"), '{"sum":1}');
    const third = await toy("sweep", "--out", folder, "--jobs", "1");
    expect(third.code).toBe(0);
    expect(third.err).toContain("1 stages to build, 1 at a time");
    expect(third.err).toContain(
      "stage run/seed1: is built again: its files have changed since it was finished\n",
    );
    expect(third.err).toContain("done   stage run/seed1");
    expect(results(folder)).toBe(before);
  });

  test("a second sweep in the folder is refused and does not disturb the first", async () => {
    const folder = temporaryFolder();
    const first = startToy("sweep", "--out", folder, "--preset", "long", "--seeds", "1");
    await first.said("start  stage base");
    const { code, err } = await toy("sweep", "--out", folder);
    expect(code).toBe(1);
    expect(err).toContain(`expected no other process at a sweep in ${folder}`);
    expect(err).toContain(`got process ${first.child.pid} `);
    expect((await first.ended).code).toBe(0);
  });
});

const noSignals = process.platform === "win32" ? "Windows has no signals to send" : undefined;
const noFull = existsSync("/dev/full") ? undefined : "there is no /dev/full here";

describeUnless(noSignals, "study/sweep under signals", () => {
  test.each([
    ["the process alone", 1],
    ["its whole group, as Ctrl-C does", -1],
  ])("SIGINT to %s saves, and names the command that goes on", async (_, sign) => {
    const folder = temporaryFolder();
    const args = ["--out", folder, "--preset", "long", "--jobs", "2"];
    const { child, ended, said } = startToy("sweep", ...args);
    await said("start  stage run/seed0");
    // Stages of this preset take longer, so that none is done.
    await new Promise((resolve) => setTimeout(resolve, 500));
    process.kill(sign * (child.pid as number), "SIGINT");
    const { code, err } = await ended;
    expect(code).toBe(130);
    expect(err).toContain("preflab: stopping after the work at hand");
    expect(err).toContain("preflab: stopped; what is finished is kept. Go on with: npx preflab");
    expect(err).toContain(`sweep --experiment toy --preset long --out ${folder} --backend cpu`);
    expect(existsSync(join(folder, "sweep.lock"))).toBe(false);
    const again = await toy("sweep", ...args);
    expect(again.code).toBe(0);
    expect(again.err).toContain("3 stages to build");
  });

  test("a second SIGINT ends the sweep and its processes at once", async () => {
    const folder = temporaryFolder();
    const { child, ended, said } = startToy("sweep", "--out", folder, "--preset", "endless");
    await said("start  stage base");
    child.kill("SIGSTOP");
    for (const signal of ["SIGINT", "SIGTERM", "SIGCONT"] as const) child.kill(signal);
    expect((await ended).code).toBe(130);
  });
});

describeUnless(noFull, "study/sweep with stages that fail", () => {
  test("stops no other, says what failed and why, and goes on once it is mended", async () => {
    const [folder, data] = [temporaryFolder(), temporaryFolder()];
    const markers = [`${FULL}run_seed0`, `${FAILS}run_seed1`].map((name) => join(data, name));
    for (const marker of markers) writeFileSync(marker, "");
    const args = ["--out", folder, "--data", data, "--seeds", "3", "--jobs", "2"];
    const { code, out, err } = await toy("sweep", ...args);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("done   stage run/seed2");
    expect(err).toContain("2 of 5 stages failed.");
    expect(err).toContain("failed stage run/seed1: preflab: run/seed1 fails, as it");
    expect(err).toContain("ENOSPC: no space left on device");
    expect(err).toContain("is full: make room, and run the same command again.\n");
    expect(err).toContain("preflab: run/seed1 fails, as it was told to");
    expect(err).toContain("not built since they need them: last\n");
    expect(err).toContain(
      "What is finished is kept. Try again with: npx preflab sweep --experiment toy --seeds 3 " +
        `--data ${data} --out ${folder} --backend cpu --jobs 2\n`,
    );
    expect(existsSync(join(folder, "results.json"))).toBe(false);
    for (const marker of markers) rmSync(marker);
    const again = await toy("sweep", ...args);
    expect(again.code).toBe(0);
    expect(again.err).toContain("3 stages to build");
    expect(again.err).toContain("stage run/seed0: goes on after step 3");
  });
});
