/**
 * Why @tensorflow/tfjs-node(-gpu) cannot be used, with what to do about it. Told from the error
 * that loading the package gave. Pure.
 */

/** The packages that bind TensorFlow to Node. */
export type TensorflowPackage = "@tensorflow/tfjs-node" | "@tensorflow/tfjs-node-gpu";

/** The version that shares tfjs-core with this package. */
export const TFJS_NODE_VERSION = "4.22.0";

/**
 * What is missing and how to get it: the package, its native binding, or libtensorflow.
 * @param error what `require(packageName)` threw
 */
export function explainLoadFailure(packageName: TensorflowPackage, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const got = `got "${message.split("\n")[0]}".`;
  const build = `In the preflab repository, \`${setupCommand(packageName)}\` builds it.`;
  if (isAbsent(packageName, code, message)) {
    return (
      `expected ${packageName} to be installed, got no such package. Run \`npm install ` +
      `${packageName}@${TFJS_NODE_VERSION}\` with install scripts allowed. Where its download is ` +
      `blocked: ${build}`
    );
  }
  if (message.includes("tfjs_binding.node) can not be found")) {
    return (
      `expected the native binding of ${packageName}, got the package without it: its install ` +
      "script did not run or could not download. Run `npm rebuild " +
      `${packageName}\` with install scripts allowed. Where its download is blocked: ${build}`
    );
  }
  if (code === "ERR_DLOPEN_FAILED") {
    return (
      `expected libtensorflow for ${packageName}, ${got} The library was moved, or one that it ` +
      `needs is not on LD_LIBRARY_PATH. ${build}`
    );
  }
  return `expected ${packageName} to load, ${got} ${build}`;
}

/** The command that builds the binding against the user's own libtensorflow. */
export function setupCommand(packageName: TensorflowPackage): string {
  const gpu = packageName === "@tensorflow/tfjs-node-gpu" ? " --gpu" : "";
  return `npm run setup:tfjs-node -- --lib DIR_OR_WHEEL${gpu}`;
}

// A dependency missing inside the package has the same code, but another name in the message.
function isAbsent(packageName: string, code: unknown, message: string): boolean {
  return code === "MODULE_NOT_FOUND" && message.startsWith(`Cannot find module '${packageName}'`);
}
