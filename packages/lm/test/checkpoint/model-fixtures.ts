/** The model folders of ../fixtures/models. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../fixtures/models/", import.meta.url));

/** Names of the folders. */
export const modelNames: readonly string[] = readdirSync(ROOT, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** Absolute path of a folder. */
export function modelPath(name: string): string {
  return `${ROOT}${name}`;
}

/** A JSON file of a folder. */
export function modelJson(name: string, file = "config.json"): Record<string, unknown> {
  const parsed: unknown = JSON.parse(readFileSync(`${ROOT}${name}/${file}`, "utf8"));
  return parsed as Record<string, unknown>;
}
