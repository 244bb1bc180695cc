/**
 * Bundles tfjs-core's specs, jasmine and one backend into a single file. Bundled, because the specs
 * are ES modules that Node cannot load as they lie in the npm package, and because core, the cpu
 * backend and ours must share one instance of tfjs-core.
 */
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Backends that have a module in ./suite. */
export type BackendName = "cpu" | "ort";

// Within the package, so that the bundle finds the native packages that stay outside of it.
const CACHE = new URL("../node_modules/.cache/conformance/", import.meta.url);
const SUITE = fileURLToPath(new URL("./suite/", import.meta.url));

/** Path of a scratch file next to the bundles. */
export function scratchFile(name: string): string {
  return fileURLToPath(new URL(name, CACHE));
}

/** Bundles the suite for `backend` (about 1 s) and returns the path of the bundle. */
export async function bundleSuite(backend: BackendName): Promise<string> {
  const outfile = scratchFile(`${backend}.mjs`);
  await build({
    stdin: {
      contents: `
        import { backend } from "./${backend}.ts";
        import "@tensorflow/tfjs-core/dist/tests.js";
        import { runSuite } from "./run.ts";
        await runSuite(backend);`,
      resolveDir: SUITE,
      loader: "ts",
    },
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    sourcemap: true,
    logLevel: "warning",
    mainFields: ["module", "main"],
    conditions: ["@preflab/source"],
    // tfjs-core declares its specs free of side effects; esbuild would drop them all.
    ignoreAnnotations: true,
    external: ["koffi", "onnxruntime-node"],
    banner: {
      js:
        'import { createRequire as __createRequire } from "node:module";' +
        "const require = __createRequire(import.meta.url);",
    },
  });
  return outfile;
}
