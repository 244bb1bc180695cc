import { describe, expect, test } from "vitest";
import { explainLoadFailure } from "../../src/select-backend/tensorflow-failures.ts";

const NAME = "@tensorflow/tfjs-node";

/** An error with a code, as Node throws them. */
function nodeError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

describe("select-backend/tensorflow-failures", () => {
  test("an absent package: install it, or build it", () => {
    const error = nodeError(
      "MODULE_NOT_FOUND",
      `Cannot find module '${NAME}'\nRequire stack:\n- /app/select.js`,
    );
    expect(explainLoadFailure(NAME, error)).toBe(
      `expected ${NAME} to be installed, got no such package. Run \`npm install ${NAME}@4.22.0\` ` +
        "with install scripts allowed. Where its download is blocked: In the preflab repository, " +
        "`npm run setup:tfjs-node -- --lib DIR_OR_WHEEL` builds it.",
    );
  });

  test("the package for GPUs is told apart from the other", () => {
    const gpu = "@tensorflow/tfjs-node-gpu";
    const error = nodeError("MODULE_NOT_FOUND", `Cannot find module '${gpu}'`);
    expect(explainLoadFailure(gpu, error)).toContain("--lib DIR_OR_WHEEL --gpu`");
    expect(explainLoadFailure(NAME, error)).toContain(`expected ${NAME} to load`);
  });

  test("a package without its binding: its install script did not run", () => {
    const error = new Error(
      "The Node.js native addon module (tfjs_binding.node) can not be found at path: /app/x.node. \n" +
        "Please run command 'npm rebuild ...'",
    );
    expect(explainLoadFailure(NAME, error)).toContain(
      `expected the native binding of ${NAME}, got the package without it`,
    );
  });

  test("a binding without libtensorflow: names the library", () => {
    const error = nodeError(
      "ERR_DLOPEN_FAILED",
      "libtensorflow_cc.so.2: cannot open shared object file: No such file or directory",
    );
    expect(explainLoadFailure(NAME, error)).toContain(
      `expected libtensorflow for ${NAME}, got "libtensorflow_cc.so.2: cannot open`,
    );
  });

  test("anything else is quoted, in one line", () => {
    const error = nodeError(
      "MODULE_NOT_FOUND",
      "Cannot find module 'google-protobuf'\nRequire stack:\n- /app/api_pb.js",
    );
    const text = explainLoadFailure(NAME, error);
    expect(text).toContain(`expected ${NAME} to load, got "Cannot find module 'google-protobuf'".`);
    expect(text).not.toContain("\n");
    expect(explainLoadFailure(NAME, "boom")).toContain('got "boom"');
  });
});
