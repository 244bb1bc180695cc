import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { drawStudy, staleFiles, studyFolders } from "../../../src/study/report/write.ts";
import { writeResults } from "../../../src/study/results-file.ts";
import { madeUpResults } from "../made-up.ts";

const reports = fileURLToPath(new URL("../../../../reports", import.meta.url));

describe("study/report/write", () => {
  let root = "";
  let folder = "";
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "reports-"));
    folder = join(root, "sentiment", "quick");
    await mkdir(folder, { recursive: true });
    await writeResults(join(folder, "results.json"), madeUpResults({ seeds: 1, prompts: 16 }));
  });
  afterEach(() => rm(root, { recursive: true }));

  it("draws the same again from results.json", async () => {
    const files = await drawStudy(folder);
    expect(files).toContain("frontier.vl.json");
    expect(files).toContain("frontier.svg");
    expect(files).toContain("frontier.png");
    const contents = () => Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
    const before = await contents();
    await drawStudy(folder);
    const after = await contents();
    expect(files.filter((_, i) => after[i] !== before[i])).toEqual([]);
    expect(await staleFiles(folder)).toEqual([]);
  });

  it("puts times that lie beside the results into the report", async () => {
    const times = { machine: { cores: 64 }, stages: [{ id: "backbone", seconds: 12 }] };
    await writeFile(join(folder, "times.json"), JSON.stringify(times));
    await drawStudy(folder);
    const page = await readFile(join(folder, "report.html"), "utf8");
    expect(page.includes("1 stage took 12 s")).toBe(true);
  });

  it("finds specifications and a summary that results do not give", async () => {
    await drawStudy(folder);
    const path = join(folder, "frontier.vl.json");
    await writeFile(path, (await readFile(path, "utf8")).replace("reward", "score"));
    await rm(join(folder, "beta-kl.vl.json"));
    await rm(join(folder, "beta-kl.png"));
    await writeFile(join(folder, "old.vl.json"), "{}");
    await writeFile(join(folder, "summary.md"), "DPO is best");
    expect(await staleFiles(folder)).toEqual([
      "beta-kl.png",
      "beta-kl.vl.json",
      "frontier.vl.json",
      "old.vl.json",
      "summary.md",
    ]);
  });

  it("removes figures that the results do not have any more", async () => {
    await drawStudy(folder);
    const results = madeUpResults({ seeds: 1, prompts: 16 });
    const runs = results.runs.filter(({ group }) => group === "PPO" || group === "SFT");
    await writeResults(join(folder, "results.json"), { ...results, runs });
    await drawStudy(folder);
    const names = await readdir(folder);
    expect(names.filter((name) => name.startsWith("beta-kl"))).toEqual([]);
    expect(names).toContain("target-kl.png");
    expect(await staleFiles(folder)).toEqual([]);
  });

  it("finds studies two folders down", async () => {
    await writeFile(join(root, "results.json"), "{}");
    expect(await studyFolders(root)).toEqual([folder]);
  });
});

describe("reports", async () => {
  const folders = await studyFolders(reports);

  it(`lists the studies that are committed: ${folders.length}`, () => {
    expect(folders.every((folder) => folder.startsWith(reports))).toBe(true);
  });

  for (const folder of folders) {
    it(`has the figures of its results in ${relative(reports, folder)}`, async () => {
      expect(await staleFiles(folder)).toEqual([]);
    });
  }

  it("has a summary of each experiment's study in the README", async () => {
    const readme = await readFile(join(reports, "..", "README.md"), "utf8");
    const studies = folders.filter((folder) => basename(folder) === "study");
    for (const folder of studies) {
      expect(readme, folder).toContain(await readFile(join(folder, "summary.md"), "utf8"));
    }
  });
});
