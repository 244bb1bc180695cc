/**
 * The order in which backends are tried, and the trying. Pure: what loading and activating mean is
 * injected, so this file knows nothing of packages. ./select-backend.ts injects the real ones.
 */
import { UnavailableError } from "../errors.ts";

/** What a caller may ask for; `auto` takes the first that works. */
export type BackendChoice = "auto" | "tensorflow" | "ort" | "wasm" | "cpu";

/** Name of a backend in tfjs. */
export type BackendName = Exclude<BackendChoice, "auto">;

/** One thing to try: TensorFlow is tried twice, first only for a GPU. */
export type Candidate = "tensorflow-gpu" | "ort" | "tensorflow-cpu" | "wasm" | "cpu";

/** The outcome of trying one candidate. */
export interface Attempt {
  readonly backend: Candidate;
  readonly ok: boolean;
  /** What was found, or what is missing and how to get it. */
  readonly reason: string;
}

/** The backend in use, and how it came to be chosen. */
export interface Selection {
  readonly name: BackendName;
  /** One line for a log: what runs and why. */
  readonly reason: string;
  /** Everything tried, in order; the last one is the selected backend. */
  readonly attempts: readonly Attempt[];
}

/**
 * Makes a candidate available to tfjs.
 * @returns what was found, for people: library, version, device, threads
 * @throws when it cannot be had; the message says what is missing and how to get it
 */
export type Loader = () => Promise<string>;

/** The order of every choice. */
export const ORDER: Readonly<Record<BackendChoice, readonly Candidate[]>> = {
  auto: ["tensorflow-gpu", "ort", "tensorflow-cpu", "wasm", "cpu"],
  tensorflow: ["tensorflow-gpu", "tensorflow-cpu"],
  ort: ["ort"],
  wasm: ["wasm"],
  cpu: ["cpu"],
};

const NAMES: Readonly<Record<Candidate, BackendName>> = {
  "tensorflow-gpu": "tensorflow",
  "tensorflow-cpu": "tensorflow",
  ort: "ort",
  wasm: "wasm",
  cpu: "cpu",
};

/**
 * Tries the candidates of `choice` in order and stops at the first that loads and activates.
 * @param activate makes a loaded backend the current one; throws when it does not compute
 * @throws UnavailableError when none works; the message lists every attempt
 */
export async function chooseBackend(
  choice: BackendChoice,
  loaders: Readonly<Record<Candidate, Loader>>,
  activate: (name: BackendName) => Promise<void>,
): Promise<Selection> {
  const order = candidates(choice);
  const attempts: Attempt[] = [];
  for (const backend of order) {
    const name = NAMES[backend];
    try {
      const found = await loaders[backend]();
      await activate(name);
      attempts.push({ backend, ok: true, reason: found });
      return { name, reason: explain(choice, name, found, attempts), attempts };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      attempts.push({ backend, ok: false, reason });
    }
  }
  const failures = attempts.map(({ backend, reason }) => `\n  ${backend}: ${reason}`);
  throw new UnavailableError(
    `selectBackend: expected backend "${choice}" to work, got:${failures.join("")}`,
  );
}

function candidates(choice: string): readonly Candidate[] {
  if (Object.hasOwn(ORDER, choice)) return ORDER[choice as BackendChoice];
  throw new UnavailableError(
    `selectBackend: expected one of ${Object.keys(ORDER).join(", ")}, got "${choice}".`,
  );
}

function explain(
  choice: BackendChoice,
  name: BackendName,
  found: string,
  attempts: readonly Attempt[],
): string {
  const failed = attempts.filter(({ ok }) => !ok).map(({ backend }) => backend);
  if (choice !== "auto") return `${name} (asked for): ${found}`;
  if (failed.length === 0) return `${name} (first choice): ${found}`;
  return `${name} (first that works; not available: ${failed.join(", ")}): ${found}`;
}
