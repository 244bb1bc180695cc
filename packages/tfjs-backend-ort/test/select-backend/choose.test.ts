import { describe, expect, test } from "vitest";
import { UnavailableError } from "../../src/errors.ts";
import {
  type BackendChoice,
  type BackendName,
  type Candidate,
  chooseBackend,
  type Loader,
  ORDER,
} from "../../src/select-backend/choose.ts";

/** Loaders where only `working` load, with a record of what was called. */
function machine(...working: Candidate[]) {
  const calls: string[] = [];
  const loader =
    (name: Candidate): Loader =>
    async () => {
      calls.push(`load ${name}`);
      if (!working.includes(name)) throw new UnavailableError(`${name} is missing, install it.`);
      return `${name} 1.0`;
    };
  const loaders: Record<Candidate, Loader> = {
    "tensorflow-gpu": loader("tensorflow-gpu"),
    ort: loader("ort"),
    "tensorflow-cpu": loader("tensorflow-cpu"),
    wasm: loader("wasm"),
    cpu: loader("cpu"),
  };
  const activate = async (name: BackendName): Promise<void> => {
    calls.push(`activate ${name}`);
  };
  return { loaders, activate, calls };
}

describe("select-backend/choose", () => {
  test.each<[Candidate[], BackendName]>([
    [["tensorflow-gpu", "ort", "tensorflow-cpu", "wasm", "cpu"], "tensorflow"],
    [["ort", "tensorflow-cpu", "wasm", "cpu"], "ort"],
    [["tensorflow-cpu", "wasm", "cpu"], "tensorflow"],
    [["wasm", "cpu"], "wasm"],
    [["cpu"], "cpu"],
  ])("auto takes the first of %j", async (working, expected) => {
    const { loaders, activate } = machine(...working);
    const { name, attempts } = await chooseBackend("auto", loaders, activate);
    expect(name).toBe(expected);
    const first = working[0] as Candidate;
    expect(attempts.map(({ backend }) => backend)).toEqual(
      ORDER.auto.slice(0, ORDER.auto.indexOf(first) + 1),
    );
    expect(attempts.map(({ ok }) => ok)).toEqual(attempts.map((_, i) => i === attempts.length - 1));
  });

  test("nothing after the first working backend is loaded", async () => {
    const { loaders, activate, calls } = machine("ort", "tensorflow-cpu", "wasm", "cpu");
    await chooseBackend("auto", loaders, activate);
    expect(calls).toEqual(["load tensorflow-gpu", "load ort", "activate ort"]);
  });

  test("the reason names what was not available and what was found", async () => {
    const { loaders, activate } = machine("wasm", "cpu");
    const { reason, attempts } = await chooseBackend("auto", loaders, activate);
    expect(reason).toBe(
      "wasm (first that works; not available: tensorflow-gpu, ort, tensorflow-cpu): wasm 1.0",
    );
    expect(attempts[1]).toEqual({
      backend: "ort",
      ok: false,
      reason: "ort is missing, install it.",
    });
  });

  test("a backend that loads but does not compute is passed over", async () => {
    const { loaders } = machine("tensorflow-gpu", "ort", "cpu");
    const selection = await chooseBackend("auto", loaders, async (name) => {
      if (name === "tensorflow") throw new Error("no kernel image for this device");
    });
    expect(selection.name).toBe("ort");
    expect(selection.attempts[0]).toEqual({
      backend: "tensorflow-gpu",
      ok: false,
      reason: "no kernel image for this device",
    });
  });

  test.each<BackendChoice>(["ort", "wasm", "cpu"])("%s tries nothing else", async (choice) => {
    const { loaders, activate, calls } = machine("ort", "wasm", "cpu");
    const { name, reason } = await chooseBackend(choice, loaders, activate);
    expect(name).toBe(choice);
    expect(reason).toBe(`${choice} (asked for): ${choice} 1.0`);
    expect(calls).toEqual([`load ${choice}`, `activate ${choice}`]);
  });

  test("tensorflow runs on the CPU where there is no GPU", async () => {
    const { loaders, activate } = machine("tensorflow-cpu", "cpu");
    const { name, reason } = await chooseBackend("tensorflow", loaders, activate);
    expect(name).toBe("tensorflow");
    expect(reason).toBe("tensorflow (asked for): tensorflow-cpu 1.0");
  });

  test("an explicit choice that cannot work is an error with every reason", async () => {
    const { loaders, activate } = machine("ort", "cpu");
    const failure = chooseBackend("tensorflow", loaders, activate);
    await expect(failure).rejects.toThrow(UnavailableError);
    await expect(failure).rejects.toThrow(
      'selectBackend: expected backend "tensorflow" to work, got:\n' +
        "  tensorflow-gpu: tensorflow-gpu is missing, install it.\n" +
        "  tensorflow-cpu: tensorflow-cpu is missing, install it.",
    );
  });

  test.each(["webgl", "", "toString"])("an unknown choice %j is an error", async (choice) => {
    const { loaders, activate, calls } = machine("cpu");
    await expect(chooseBackend(choice as BackendChoice, loaders, activate)).rejects.toThrow(
      `expected one of auto, tensorflow, ort, wasm, cpu, got "${choice}"`,
    );
    expect(calls).toEqual([]);
  });
});
