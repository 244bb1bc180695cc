/**
 * Turns a model and a vocabulary of llama2.c, such as the stories models, into a folder that this
 * package and Python's transformers load:
 *
 *     npx tsx --conditions=@preflab/source packages/lm/scripts/convert-llama2c.ts \
 *       stories260K.bin tok512.bin FOLDER
 */
import "@tensorflow/tfjs-backend-cpu";
import { setBackend } from "@tensorflow/tfjs-core";
import { convertLlama2c } from "./convert-llama2c/convert.ts";

const [modelFile, vocabularyFile, folder, ...others] = process.argv.slice(2);
if (modelFile && vocabularyFile && folder && others.length === 0) {
  await setBackend("cpu");
  await convertLlama2c(modelFile, vocabularyFile, folder);
} else {
  process.stderr.write("Usage: convert-llama2c.ts MODEL.bin VOCABULARY.bin FOLDER\n");
  process.exitCode = 2;
}
