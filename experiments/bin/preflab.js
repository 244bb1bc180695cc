#!/usr/bin/env -S node --conditions=@preflab/source
// Runs the command line from its TypeScript sources, so that it works right after `npm ci`.
import { register } from "tsx/esm/api";

register();
const { run } = await import("../src/cli.ts");
process.exitCode = run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
});
