/**
 * Bundles tfjs-core's specs, jasmine and one backend into a single file. Bundled, because the specs
 * are ES modules that Node cannot load as they lie in the npm package, and because core, the cpu
 * backend and ours must share one instance of tfjs-core.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Backends that have a module in ./suite. */
export type BackendName = "cpu" | "ort";

const SUITE = fileURLToPath(new URL("./suite/", import.meta.url));

/**
 * Bundles the suite for `backend` into `folder` (about 1 s) and returns the path of the bundle.
 * @param folder within the package, so that the bundle finds the native packages outside of it
 */
export async function bundleSuite(backend: BackendName, folder: string): Promise<string> {
  const outfile = join(folder, `${backend}.mjs`);
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
