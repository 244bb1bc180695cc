import type { Tolerance } from "@preflab/testing";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { sizeOf } from "../../src/graph/dtypes.ts";
import { BACKEND_NAME } from "../../src/index.ts";
import { Draw, expectRandomCallsSameAsCpu } from "./random-cases.ts";
import { compileKernel, EXACT, type HostInput, RUNS, runKernel, useOrt } from "./support.ts";

// Sums of up to 64 products, each below 16, rounded per term.
const PRODUCT: Tolerance = { rtol: 1e-5, atol: 1e-4 };

const LETTERS = ["a", "b", "c", "d", "e"] as const;

/** Equations that cpu gets right, as people write them. */
const EQUATIONS = [
  "ij,jk->ik",
  "ij,kj->ik",
  "bij,bjk->bik",
  "bthd,bshd->bhts",
  "bhts,bshd->bthd",
  "btd,hdk->bthk",
  "ij->ji",
  "ij->",
  "i,j->ij",
  "bi,bi->b",
] as const;

beforeAll(useOrt);

describe("kernels/einsum", () => {
  test.each(EQUATIONS)("%s gives what cpu gives", (equation) => {
    const terms = (equation.split("->")[0] ?? "").split(",");
    expectRandomCallsSameAsCpu(
      "Einsum",
      (draw) => {
        const size = sizes(draw, [...new Set(terms.join(""))]);
        const dtype = draw.pick("float32", "int32");
        return {
          inputs: terms.map((term) => draw.tensor(dims(term, size), dtype)),
          attrs: { equation },
        };
      },
      PRODUCT,
      3,
    );
  });

  // The cpu kernel drops operands and swaps axes in many equations, so it cannot judge these.
  test("random equations give what the definition says", () => {
    fc.assert(
      fc.property(fc.gen(), (gen) => {
        const draw = new Draw(gen);
        const terms = draw
          .ints(draw.pick(1, 2, 2, 2), 0, 0)
          .map(() => draw.shuffled(draw.some(LETTERS)));
        const output = draw.shuffled(draw.some([...new Set(terms.flat())]));
        const size = sizes(draw, LETTERS);
        const dtype = draw.pick("float32", "int32");
        const inputs = terms.map((term) => draw.tensor(dims(term.join(""), size), dtype));
        const equation = `${terms.map((term) => term.join("")).join(",")}->${output.join("")}`;
        const expected = definition(inputs, terms, output, size);
        const compiled = compileKernel("Einsum", { equation });
        const results = [
          runKernel(BACKEND_NAME, "Einsum", inputs as never, { equation }),
          compiled(inputs as never),
        ];
        compiled.dispose();
        for (const [result] of results) {
          expect(result).toMatchObject({ dtype, shape: dims(output.join(""), size) });
          const tolerance = dtype === "int32" ? EXACT : PRODUCT;
          expect(Array.from(result?.data ?? [])).toBeAllClose(expected, tolerance);
        }
      }),
      // Every attempt to shrink a failure would compile again.
      { ...RUNS, numRuns: 60, endOnFailure: true },
    );
  });

  test("of bools, a product is a conjunction and a sum counts", () => {
    const [x, y] = [tf.tensor1d([1, 1, 0], "bool"), tf.tensor1d([1, 0, 0], "bool")];
    expect(tf.einsum("i,i->i", x, y).dtype).toBe("bool");
    const count = tf.einsum("i,i->", x, x);
    expect([count.dtype, ...count.dataSync()]).toEqual(["int32", 2]);
  });

  test("sizes that differ under one label are refused", () => {
    expect(() => tf.einsum("ij,jk->ik", tf.ones([2, 3]), tf.ones([2, 3]))).toThrow(/dimension/);
  });
});

type Sizes = ReadonlyMap<string, number>;

function sizes(draw: Draw, labels: readonly string[]): Sizes {
  const dim = draw.shape(labels.length);
  return new Map(labels.map((label, i) => [label, dim[i] as number]));
}

function dims(labels: string, size: Sizes): number[] {
  return [...labels].map((label) => size.get(label) as number);
}

/** Einsum by its definition: for every assignment of all labels, one product added to one place. */
function definition(
  inputs: readonly HostInput[],
  terms: readonly (readonly string[])[],
  output: readonly string[],
  size: Sizes,
): number[] {
  const labels = [...new Set([...output, ...terms.flat()])];
  const result = new Array<number>(sizeOf(dims(output.join(""), size))).fill(0);
  const total = sizeOf(dims(labels.join(""), size));
  for (let n = 0; n < total; n++) {
    const at = new Map<string, number>();
    let rest = n;
    for (const label of labels) {
      const dim = size.get(label) as number;
      at.set(label, rest % dim);
      rest = Math.floor(rest / dim);
    }
    const offset = (term: readonly string[]) =>
      term.reduce((sum, label) => sum * (size.get(label) as number) + (at.get(label) as number), 0);
    const product = inputs.reduce(
      (value, { data }, i) => value * (data[offset(terms[i] ?? [])] as number),
      1,
    );
    result[offset(output)] = (result[offset(output)] as number) + product;
  }
  return result;
}
