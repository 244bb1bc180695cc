/** The stage that checks methods, estimators and the limit where all completions can be listed. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Enumeration } from "../study/enumeration.ts";
import type { Stage, StageContext } from "../study/experiment.ts";
import { asJson } from "../study/plain-data.ts";
import { finishInterrupted, writeJson } from "../study/stage-training.ts";
import { type CheckSettings, checkByEnumeration } from "./check.ts";

/** Id of the stage. */
export const ENUMERATION = "enumeration";

const FILE = "enumeration.json";

/**
 * A quarter of the steps with which tests find the optimum: the limit holds for any policy, and a sweep
 * has other things to do.
 */
const SETTINGS: CheckSettings = {
  seed: 1,
  dpoSteps: 125,
  ppoSteps: 25,
  samples: 4096,
  ns: [4, 16],
};

/** The stage; it needs no other. */
export function enumerationStage(): Stage {
  return {
    id: ENUMERATION,
    title: "check by enumeration",
    config: asJson(SETTINGS),
    inputs: [],
    weight: 0.2,
    build,
  };
}

/** What a finished stage has found. */
export async function readEnumeration(folder: string): Promise<Enumeration> {
  return JSON.parse(await readFile(join(folder, FILE), "utf8")) as Enumeration;
}

async function build(context: StageContext): Promise<void> {
  const { folder, signal, progress } = context;
  const total = SETTINGS.dpoSteps + SETTINGS.ppoSteps;
  let done = 0;
  const found = await checkByEnumeration(SETTINGS, async (name, run) => {
    const log = () => progress({ done: ++done, total, note: name });
    finishInterrupted(await run({ log, signal }), context);
  });
  await writeJson(join(folder, FILE), found);
}
