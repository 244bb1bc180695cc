import { EventEmitter } from "node:events";
import { describe, expect, test } from "vitest";
import { interruptSignal } from "../src/signals.ts";

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

describe("signals", () => {
  test.each(["SIGINT", "SIGTERM"])("the first %s asks to stop, the second ends at once", (name) => {
    const source = new FakeProcess();
    const warnings: string[] = [];
    const signal = interruptSignal(source, (text) => warnings.push(text));
    expect(signal.aborted).toBe(false);
    source.emit(name);
    expect(signal.aborted).toBe(true);
    expect(source.exits).toEqual([]);
    expect(warnings).toHaveLength(1);
    source.emit("SIGINT");
    expect(source.exits).toEqual([130]);
  });
});
