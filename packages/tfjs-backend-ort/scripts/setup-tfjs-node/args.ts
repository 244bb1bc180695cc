/** Command line of setup-tfjs-node. Pure. */
import { parseArgs } from "node:util";
import { SetupError } from "./setup-error.ts";

/** What the user asked for. */
export interface SetupOptions {
  /** Directory or wheel with TensorFlow; absent: the package's own installer downloads one. */
  readonly lib?: string;
  readonly gpu: boolean;
  /** Directory with `include/node`, for node-gyp; absent: found, or downloaded by node-gyp. */
  readonly nodedir?: string;
  readonly help: boolean;
}

/** Text of `--help`. */
export const HELP = `npm run setup:tfjs-node -- [--lib DIR_OR_WHEEL] [--gpu] [--nodedir DIR]

Installs @tensorflow/tfjs-node 4.22.0 for the backend "tensorflow", without changing package.json
or the lockfile. npm ci and npm install remove it again; run this command again afterwards.

Without --lib the package's own installer runs: it downloads libtensorflow 2.9.1 and a prebuilt
binding from storage.googleapis.com.

  --lib DIR_OR_WHEEL  Build the binding against this TensorFlow instead (Linux). One of
                        a wheel:               pip download --no-deps tensorflow-cpu==2.21.0
                        an installed package:  .../site-packages/tensorflow
                        an unpacked libtensorflow archive with include/ and lib/
                      A directory is linked, not copied, and must stay where it is; a wheel is
                      unpacked into node_modules. Needs a C++ compiler, make and Python.
  --gpu               Install @tensorflow/tfjs-node-gpu instead. --lib then takes a TensorFlow
                      that was built for CUDA, with the CUDA libraries on LD_LIBRARY_PATH.
  --nodedir DIR       Node's headers are in DIR/include/node. Default: npm's "nodedir" setting, the
                      directory Node is installed in, else node-gyp downloads them.
  --help              Print this text.
`;

/**
 * Reads the command line.
 * @throws SetupError for unknown options and missing values
 */
export function parseSetupArgs(args: readonly string[]): SetupOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        lib: { type: "string" },
        gpu: { type: "boolean", default: false },
        nodedir: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    for (const name of ["lib", "nodedir"] as const) {
      if (values[name] === "") throw new Error(`Option '--${name} <value>' argument is empty`);
    }
    return values;
  } catch (error) {
    throw new SetupError(`${(error as Error).message}. Run with --help for the options.`);
  }
}
