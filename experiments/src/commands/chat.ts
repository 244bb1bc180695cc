/** `preflab chat`: talk to a model. The conversation is in ../chat. */
import type { Command } from "commander";
import { addBackendOptions, type BackendOptions, startBackend } from "../backend.ts";
import type { Conversation } from "../chat/conversation.ts";
import { UsageError } from "../errors.ts";
import type { TextModel } from "../inference/model.ts";
import type { Io } from "../io.ts";
import { integerFrom } from "../options.ts";
import { addSamplingOptions, type SamplingFlags } from "../sampling.ts";

interface ChatFlags extends BackendOptions, SamplingFlags {
  readonly model: string;
  readonly system?: string;
  readonly maxNewTokens: number;
}

/** Varied, and seldom off the subject. */
const TEMPERATURE = 0.7;

const HELP = `
Messages are put together by the model's chat template. What you write stays text: special tokens
that it spells mean nothing to the model. A model without a template continues your text instead.

At a keyboard, Ctrl-C stops a reply, and Ctrl-D or /exit leaves; /reset forgets the conversation.
What is piped in is taken line by line, and only replies are written to stdout.

A run of a study is its folder or its id; a study's name before it tells studies apart.

Examples:
  $ preflab chat --model dialogue/quick/run/dpo-beta0.1-seed0
  $ preflab chat --model someone/chat-model --system "You are brief."
  $ preflab chat --model models/pythia-70m --stop "Human:" --temperature 0
  $ echo "What is a preference?" | preflab chat --model models/chat --seed 1 > reply.txt
`;

/** Adds `chat`. */
export function addChatCommand(parent: Command, io: Io): void {
  const command = parent
    .command("chat")
    .description("talk to a model")
    .requiredOption(
      "--model <dir>",
      "model folder, GGUF file, ORG/NAME of a downloaded model, or a run",
    )
    .option("--system <text>", "what the model is told before all messages")
    .option("--max-new-tokens <n>", "most tokens per reply", integerFrom(1), 512);
  addBackendOptions(addSamplingOptions(command, TEMPERATURE))
    .addHelpText("after", HELP)
    .action((flags: ChatFlags) => chat(flags, io));
}

async function chat(flags: ChatFlags, io: Io): Promise<void> {
  const [{ loadTextModel }, { Replies }, { converse }] = await Promise.all([
    import("../inference/model.ts"),
    import("../chat/replies.ts"),
    import("../chat/loop.ts"),
  ]);
  await startBackend(flags, io);
  const model = await loadTextModel(flags.model);
  try {
    const conversation = await conversationWith(model, flags, io);
    const replies = new Replies(model, flags);
    try {
      await converse(io, conversation, replies);
    } finally {
      replies.dispose();
    }
  } finally {
    model.dispose();
  }
}

async function conversationWith(
  model: TextModel,
  { model: name, system }: ChatFlags,
  io: Io,
): Promise<Conversation> {
  const [{ chatTemplate }, { TemplateConversation, TextConversation }] = await Promise.all([
    import("@preflab/lm"),
    import("../chat/conversation.ts"),
  ]);
  const tokenizer = model.tokenizer.require("chat");
  for (const warning of tokenizer.warnings) io.err(`warning: ${warning}\n`);
  const template = chatTemplate(tokenizer);
  if (template) {
    return new TemplateConversation(template, tokenizer, system ?? null, () => new Date());
  }
  if (system !== undefined) {
    throw new UsageError(`--system needs a model with a chat template, which ${name} has not.`);
  }
  io.err(`note: ${name} has no chat template: it continues your text rather than replying to it\n`);
  return new TextConversation(tokenizer);
}
