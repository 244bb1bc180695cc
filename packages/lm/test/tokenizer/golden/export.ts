/**
 * Writes what the Python scripts beside it read: the training corpus, the fuzz strings and, once
 * the small models are there, the tokenizer.json of every tokenizer whose files are here.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CORPUS, FUZZ, isHere, SUBJECTS, smallTiktoken, TRAINER } from "./subjects.ts";
import { fuzzStrings, trainingTexts } from "./texts.ts";

const folder = resolve(process.argv[2] ?? ".");
mkdirSync(folder, { recursive: true });
const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
const texts = trainingTexts(CORPUS.count, CORPUS.seed);
write("corpus.json", JSON.stringify({ texts, trainer: TRAINER }));
write("strings.json", JSON.stringify(fuzzStrings(FUZZ.count, FUZZ.seed)));
write("small.tiktoken", smallTiktoken());
for (const [name, subject] of SUBJECTS) {
  if (isHere(subject)) write(`tokenizer ${name}.json`, JSON.stringify(subject.make().tokenizer));
  else process.stderr.write(`left out: ${name}, for want of ${subject.paths.join(", ")}\n`);
}
