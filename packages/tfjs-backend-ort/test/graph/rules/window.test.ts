import { describe } from "vitest";
import { accepts, refuses, spec } from "./cases.ts";

const attributes = (lists: Readonly<Record<string, readonly number[]>>) =>
  Object.fromEntries(Object.entries(lists).map(([name, ints]) => [name, { ints }]));

describe("graph/rules/window", () => {
  accepts("with everything", {
    op: "Conv",
    inputs: [[[2, 4, 9, 8]], [[6, 2, 3, 2]], [[6]]],
    gives: [2, 6, 4, 3],
    attributes: {
      ...attributes({ strides: [2, 3], pads: [0, 1, 1, 1], dilations: [1, 2] }),
      group: { int: 2 },
    },
  });
  accepts("in one dimension", { op: "Conv", inputs: [[[1, 3, 7]], [[5, 3, 3]]], gives: [1, 5, 5] });
  refuses(
    "of other channels",
    { op: "Conv", inputs: [[[1, 3, 7]], [[5, 2, 3]]], gives: [1, 5, 5] },
    /2 channels in 1 groups/,
  );
  refuses(
    "of more than there is",
    { op: "Conv", inputs: [[[1, 3, 2]], [[5, 3, 3]]], gives: [1, 5, 0] },
    /holds the window \[3\], got \[1,3,2\]/,
  );
  refuses(
    "with another bias",
    { op: "Conv", inputs: [[[1, 3, 7]], [[5, 3, 3]], [[3]]], gives: [1, 5, 5] },
    /bias of shape \[5\], got \[3\]/,
  );
  refuses(
    "with too few strides",
    {
      op: "Conv",
      inputs: [[[1, 3, 7, 7]], [[5, 3, 3, 3]]],
      gives: [1, 5, 5, 5],
      attributes: attributes({ strides: [1] }),
    },
    /2 strides of at least 1, got \[1\]/,
  );
  refuses(
    "with strides of 0",
    {
      op: "Conv",
      inputs: [[[1, 3, 7]], [[5, 3, 3]]],
      gives: [1, 5, 5],
      attributes: attributes({ strides: [0] }),
    },
    /1 strides of at least 1, got \[0\]/,
  );
  refuses(
    "declared otherwise",
    { op: "Conv", inputs: [[[1, 3, 7]], [[5, 3, 3]]], gives: [1, 5, 7] },
    /float32\[1,5,5\], got float32\[1,5,7\]/,
  );

  accepts("with everything", {
    op: "ConvTranspose",
    inputs: [[[2, 4, 3, 5]], [[4, 3, 3, 2]]],
    gives: [2, 6, 6, 7],
    attributes: {
      ...attributes({ strides: [2, 1], pads: [1, 0, 1, 1], dilations: [1, 3] }),
      ...attributes({ output_padding: [1, 0] }),
      group: { int: 2 },
    },
  });
  refuses(
    "of other channels",
    { op: "ConvTranspose", inputs: [[[1, 3, 7]], [[5, 3, 3]]], gives: [1, 3, 9] },
    /5 channels in 1 groups/,
  );

  accepts("with positions", {
    op: "MaxPool",
    inputs: [[[1, 2, 7, 7]]],
    gives: [spec("float32", 1, 2, 4, 3), spec("int64", 1, 2, 4, 3)],
    attributes: attributes({ kernel_shape: [2, 3], strides: [2, 2], pads: [1, 0, 0, 0] }),
  });
  accepts("in three dimensions", {
    op: "AveragePool",
    inputs: [[[1, 2, 4, 4, 4]]],
    gives: [1, 2, 3, 3, 3],
    attributes: attributes({ kernel_shape: [2, 2, 2] }),
  });
  refuses(
    "without a window",
    { op: "MaxPool", inputs: [[[1, 2, 7]]], gives: [1, 2, 6] },
    /a kernel_shape, got none/,
  );
  refuses(
    "with padding as wide as the window",
    {
      op: "AveragePool",
      inputs: [[[1, 2, 7]]],
      gives: [1, 2, 8],
      attributes: attributes({ kernel_shape: [2], pads: [2, 0] }),
    },
    /pads below the window \[2\], got \[2,0\]/,
  );
});
