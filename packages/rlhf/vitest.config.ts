import { base } from "@preflab/testing/vitest";
import { defineProject, mergeConfig } from "vitest/config";

export default mergeConfig(base, defineProject({ test: { name: "rlhf" } }));
