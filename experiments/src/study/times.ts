/** Time and machine of a study, which no result depends on, and which reports show. */
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import { join } from "node:path";
import { writeTextAtomically } from "@preflab/lm";
import { bytes } from "../output.ts";
import type { StudyTimings } from "./report/facts.ts";
import type { Study } from "./study.ts";

/** Writes times.json into the folder of a study whose stages are all finished. */
export async function writeTimes({ folder, plan, store, options }: Study): Promise<void> {
  const stages: { id: string; seconds: number }[] = [];
  for (const { id } of plan.stages) stages.push({ id, seconds: await store.seconds(id) });
  const timings: StudyTimings = {
    machine: {
      processor: cpus()[0]?.model ?? "unknown",
      cores: availableParallelism(),
      memory: bytes(totalmem()),
      platform: `${platform()} ${arch()}`,
      node: process.versions.node,
      backend: options.backend,
    },
    stages,
  };
  await writeTextAtomically(join(folder, "times.json"), `${JSON.stringify(timings, null, 1)}\n`);
}
