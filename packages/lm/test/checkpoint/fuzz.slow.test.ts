/** Damaged files in numbers, damaged otherwise than those of the quick test. */
import { describe } from "vitest";
import { testDamagedFiles } from "./fuzz-suite.ts";

describe("230,000 damaged files", () => testDamagedFiles(20, 12));
