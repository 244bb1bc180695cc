/** The stage that gives methods their pairs: the replies that people compared, as ids. */
import { RandomStream } from "@preflab/lm";
import {
  PREFERENCES,
  type PreferenceFacts,
  writePairs,
  writePreferenceFacts,
} from "../../policy/stages/preference-files.ts";
import type { Stage } from "../../study/experiment.ts";
import { asJson } from "../../study/plain-data.ts";
import { DIALOGUES, readDialogueFacts } from "./dialogue-files.ts";
import type { HhSettings } from "./settings.ts";
import { someOf } from "./some-of.ts";
import { readDialoguePairs, TOKEN_PARTS, TOKENS } from "./token-stage.ts";

/** The stage that chooses pairs of each part. */
export function preferenceStage({ most, seed }: Pick<HhSettings, "most" | "seed">): Stage {
  return {
    id: PREFERENCES,
    title: "preferences",
    config: asJson({ most: most.pairs, seed }),
    inputs: [DIALOGUES, TOKENS],
    weight: 0.1,
    build: async ({ folder, input }) => {
      let count = 0;
      for (const part of TOKEN_PARTS) {
        const all = await readDialoguePairs(input(TOKENS), part);
        const pairs = someOf(all, most.pairs[part], new RandomStream(seed, `hh/pairs/${part}`));
        await writePairs(folder, part, pairs);
        count += pairs.length;
      }
      // Odd rows were left out, and counted, before dialogues were divided: these are all of them.
      const { edges } = await readDialogueFacts(input(DIALOGUES));
      await writePreferenceFacts(folder, {
        ...{ goldLabels: count, pairs: count, sampledTokens: 0 },
        ties: edges.identicalReplies,
      } satisfies PreferenceFacts);
    },
  };
}
