/**
 * One contender's process: sampling with a KV cache on `ort`. Prints one line of JSON, times are of
 * one whole generation. Arguments: size, seconds, cache (see ./decode-model.ts).
 */
import process from "node:process";
import { selectBackend } from "@preflab/tfjs-backend-ort";
import { measure } from "../harness/measure.ts";
import { type CacheName, makeDecoder } from "./decode-model.ts";
import { makeParameters } from "./model.ts";
import { uniform } from "./numbers.ts";
import { DECODE, SIZES, type SizeName } from "./sizes.ts";

const NOISE_STREAM = 1002;

const [name, seconds, cache] = process.argv.slice(2) as [SizeName, string, CacheName];
await selectBackend("ort");
const size = { ...SIZES[name], batch: DECODE.batch, length: DECODE.tokens };
const decode = makeDecoder(cache, size, makeParameters(size));

/** @returns a number that tells generations apart */
function generate(): number {
  let ids = Int32Array.from({ length: size.batch }, (_, i) => i % size.vocabulary);
  let check = 0;
  for (let position = 0; position < size.length; position++) {
    const noise = Float32Array.from(ids, (_, i) =>
      uniform(NOISE_STREAM, position * size.batch + i),
    );
    ids = new Int32Array(decode(ids, position, noise));
    check = (check * 31 + (ids[0] as number)) % 1_000_003;
  }
  return check;
}

const check = generate();
const measurement = await measure(() => {
  generate();
}, Number(seconds));
process.stdout.write(`${JSON.stringify({ ...measurement, check })}\n`);
process.exit(0);
