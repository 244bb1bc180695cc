#!/usr/bin/env -S node --conditions=@preflab/source
// Runs the command line from its TypeScript sources, so that it works right after `npm ci`.
import { register } from "tsx/esm/api";

register();
const { main } = await import("../src/main.ts");
await main();
