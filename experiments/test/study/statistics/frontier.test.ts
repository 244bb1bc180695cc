import { describe, expect, it } from "vitest";
import { envelope, hypervolume, rewardAt } from "../../../src/study/statistics/frontier.ts";

const point = (kl: number, reward: number) => ({ kl, reward });

describe("study/statistics/frontier", () => {
  it("keeps the upper concave envelope up to most reward", () => {
    const points = [point(1, 0.5), point(2, 0.55), point(3, 0.8), point(5, 0.7), point(0, 0.3)];
    // (2, 0.55) is below the line from (1, 0.5) to (3, 0.8); (5, 0.7) is past the best.
    expect(envelope(points)).toEqual([4, 0, 2]);
  });

  it("keeps points that are above the line of their neighbours, drops those on it", () => {
    expect(envelope([point(0, 0), point(1, 0.7), point(2, 1)])).toEqual([0, 1, 2]);
    expect(envelope([point(0, 0), point(1, 0.5), point(2, 1)])).toEqual([0, 2]);
  });

  it("takes the better of two at one KL", () => {
    expect(envelope([point(1, 0.2), point(1, 0.4)])).toEqual([1]);
    expect(envelope([point(1, 0.4)])).toEqual([0]);
    expect(envelope([])).toEqual([]);
  });

  it("interpolates rewards, and is flat outside", () => {
    const points = [point(1, 0.2), point(3, 0.6), point(5, 0.8)];
    expect(rewardAt(points, 2)).toBeCloseTo(0.4, 12);
    expect(rewardAt(points, 3)).toBe(0.6);
    expect(rewardAt(points, 4.5)).toBeCloseTo(0.75, 12);
    expect([rewardAt(points, 0), rewardAt(points, 9)]).toEqual([0.2, 0.8]);
    expect(rewardAt([point(1, 0.2)], 1)).toBe(0.2);
  });

  it("has the area of the steps above the reference point", () => {
    // From KL 1 to 4 at 0.5, from 2 to 4 another 0.3: 3 * 0.2 + 2 * 0.3.
    const points = [point(2, 0.8), point(1, 0.5), point(3, 0.7), point(9, 1)];
    expect(hypervolume(points, point(4, 0.3))).toBeCloseTo(1.2, 12);
  });

  it("has no area where nothing is better than the reference point", () => {
    expect(hypervolume([point(1, 0.2), point(5, 0.9)], point(4, 0.3))).toBe(0);
  });
});
