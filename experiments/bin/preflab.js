#!/usr/bin/env -S node --conditions=@preflab/source
// Runs the command line from its TypeScript sources, so that it works right after `npm ci`, unbuilt.
import { register } from "tsx/esm/api";

register();
await import("../src/cli.ts");
