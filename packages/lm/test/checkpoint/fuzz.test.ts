/** Damaged files, as many as are quick to read. The slow tests read twenty times as many. */
import { describe } from "vitest";
import { testDamagedFiles } from "./fuzz-suite.ts";

describe("11,500 damaged files", () => testDamagedFiles(1, 11));
