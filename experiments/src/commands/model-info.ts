/** `preflab model info`: what a model is. The facts come from ../inference/describe-model.ts. */
import type { Command } from "commander";
import type { ModelInfo } from "../inference/describe-model.ts";
import type { Io } from "../io.ts";
import { bytes, toJson } from "../output.ts";

const HELP = `
Examples:
  $ preflab model info models/pythia-70m
  $ preflab model info llama.Q4_0.gguf
  $ preflab model info models/pythia-70m --json | jq .parameters
`;

/** Adds `model info`. */
export function addModelInfoCommand(parent: Command, io: Io): void {
  parent
    .command("info")
    .description("describe a model folder or GGUF file, without reading its weights")
    .argument("<dir>", "model folder or GGUF file")
    .option("--json", "print JSON")
    .addHelpText("after", HELP)
    .action(async (path: string, options: { readonly json?: true }) => {
      const { describeModel } = await import("../inference/describe-model.ts");
      const info = await describeModel(path);
      io.out(options.json ? `${toJson(info, 2)}\n` : forPeople(info));
    });
}

function forPeople(info: ModelInfo): string {
  const { config, tokenizer, memory } = info;
  const types = Object.entries(info.storedTypes).map(([type, n]) => `${type} ${count(n)}`);
  const lines: [string, string][] = [
    ["family", config.family],
    ["parameters", count(info.parameters)],
    ["stored as", types.join(", ")],
    ["layers", `${config.layers} of width ${config.width}, MLP ${config.mlpWidth}`],
    ["heads", `${config.heads} of ${config.headWidth}, ${config.kvHeads} for keys and values`],
    ["vocabulary", `${count(config.vocabSize)}${config.tiedEmbeddings ? ", tied" : ""}`],
    ["positions", `${count(config.maxPositions)}, ${positionsOf(config)}`],
    ["special ids", specialIds(config.specialIds)],
    ["tokenizer", tokenizer ? tokenizerLine(tokenizer) : `none: ${info.tokenizerProblem}`],
    ["float32 weights", bytes(memory.weights)],
    ["with Adam", `${bytes(memory.adam)}, activations aside`],
    ["cache per token", bytes(memory.cachePerToken)],
    ["files", ""],
    ...info.files.map((file): [string, string] => [`  ${file.name}`, bytes(file.bytes)]),
  ];
  const width = Math.max(...lines.map(([label]) => label.length));
  return lines
    .map(([label, value]) => `${`${label.padEnd(width)}  ${value}`.trimEnd()}\n`)
    .join("");
}

function positionsOf({ position, slidingWindow }: ModelInfo["config"]): string {
  const kind =
    position.kind === "learned"
      ? "learned"
      : `rotary${position.scaling ? ` with ${position.scaling.kind} scaling` : ""}`;
  return slidingWindow === null ? kind : `${kind}, window of ${count(slidingWindow)}`;
}

function specialIds(ids: ModelInfo["config"]["specialIds"]): string {
  const named = Object.entries(ids).filter(([, id]) => id !== null);
  return named.map(([name, id]) => `${name} ${id}`).join(", ") || "none";
}

function tokenizerLine(tokenizer: NonNullable<ModelInfo["tokenizer"]>): string {
  const template = tokenizer.hasChatTemplate ? "with" : "no";
  return [
    `${count(tokenizer.vocabSize)} tokens, ${template} chat template`,
    ...tokenizer.warnings,
  ].join("; ");
}

function count(number: number): string {
  return number.toLocaleString("en-US");
}
