/** Loading a model of many files takes its size in float32 and little more. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ModelConfig, parameterShapes, toHuggingFace } from "@preflab/lm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planShards } from "../../src/checkpoint/pack.ts";
import { writeShards } from "../../src/io/safetensors-file.ts";
import { TINY } from "../model/tiny.ts";

const PROGRAM = fileURLToPath(new URL("./load-memory.ts", import.meta.url));

/** 0.65 GB as bfloat16, 1.29 GB as float32: about 320 million weights. */
const CONFIG: ModelConfig = {
  ...TINY,
  vocabSize: 32_000,
  width: 1024,
  layers: 20,
  heads: 16,
  kvHeads: 16,
  headWidth: 64,
  mlpWidth: 2816,
  position: { kind: "rotary", base: 10_000, rotaryWidth: 64, scaling: null },
};
const SHARD_BYTES = 2e8;

/** Of the weights as float32: the weights, and a tenth or so for the tensor at hand and garbage. */
const MOST = 1.15;

interface Measured {
  readonly elements: number;
  readonly beforeBytes: number;
  readonly peakBytes: number;
}

describe("io/model-folder memory", () => {
  const folder = mkdtempSync(join(tmpdir(), "preflab-memory-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  beforeAll(async () => {
    const shapes = parameterShapes(CONFIG);
    await writeShards(folder, planShards(CONFIG, "BF16", SHARD_BYTES), async (name) => {
      const size = shapes[name]?.reduce((product, extent) => product * extent, 1) ?? 0;
      return new Float32Array(size).fill(0.5);
    });
    writeFileSync(join(folder, "config.json"), JSON.stringify(toHuggingFace(CONFIG, "bfloat16")));
  });

  test.each(["ort", "cpu"])("peaks near the size of the float32 weights on %s", (backend) => {
    const flags = ["--import", "tsx", "--conditions=@preflab/source", PROGRAM];
    const child = spawnSync(process.execPath, [...flags, folder, backend], { encoding: "utf8" });
    if (child.status !== 0) throw new Error(child.stderr);
    const { elements, beforeBytes, peakBytes } = JSON.parse(child.stdout) as Measured;
    const ratio = (peakBytes - beforeBytes) / (4 * elements);
    process.stderr.write(
      `${(4 * elements) / 1e6} MB of weights on ${backend}: ${beforeBytes / 1e6} MB before, ` +
        `${peakBytes / 1e6} MB at the peak, ${ratio.toFixed(3)} times the weights\n`,
    );
    expect(elements).toBeGreaterThan(300e6);
    expect(ratio).toBeLessThan(MOST);
  });
});
