import "@tensorflow/tfjs-backend-cpu";
import { leakedTensors } from "@preflab/testing";
import { scalar, square, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { describe, expect, test } from "vitest";

describe("leak", () => {
  test("disposed tensors do not count, kept ones do", async () => {
    const kept: Tensor[] = [];
    expect(await leakedTensors(() => tidy(() => void square(scalar(1))))).toBe(0);
    expect(await leakedTensors(() => kept.push(square(scalar(1))))).toBe(2);
    expect(await leakedTensors(() => kept.pop()?.dispose())).toBe(-1);
  });

  test("asynchronous code is waited for", async () => {
    const later = async () => {
      await Promise.resolve();
      return scalar(1);
    };
    expect(await leakedTensors(later)).toBe(1);
  });
});
