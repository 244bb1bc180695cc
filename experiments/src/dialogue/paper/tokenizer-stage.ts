/** The stage that takes the tokenizer of the published model, and tells it how dialogues are texts. */
import { loadTokenizer, saveTokenizer } from "@preflab/lm";
import { PRETRAINED } from "../../policy/stages/pretrained.ts";
import type { Stage } from "../../study/experiment.ts";
import { TOKENIZER, withChatTemplate } from "../../text/tokenizer-stage.ts";
import { TRANSCRIPT_TEMPLATE } from "../hh/chat.ts";

/** The stage, in place of the one that trains a tokenizer. */
export function pretrainedTokenizerStage(): Stage {
  return {
    id: TOKENIZER,
    title: "tokenizer of the model",
    config: { template: TRANSCRIPT_TEMPLATE },
    inputs: [PRETRAINED],
    weight: 0.1,
    build: async ({ folder, input }) => {
      const { files } = await loadTokenizer(input(PRETRAINED));
      await saveTokenizer(folder, withChatTemplate(files, TRANSCRIPT_TEMPLATE));
    },
  };
}
