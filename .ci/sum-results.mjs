// Prints one line, `N passed, N failed`, summed over the vitest reports of every project. A report
// that is missing, because the run crashed, and a test file that did not load count as a failure.
import { existsSync, readdirSync, readFileSync } from "node:fs";

const packages = readdirSync("packages").map((name) => `packages/${name}`);
const projects = [...packages, "experiments", "test"].filter((directory) =>
  existsSync(`${directory}/vitest.config.ts`),
);

let passed = 0;
let failed = 0;
for (const project of projects) {
  const report = `${project}/test-results.json`;
  if (!existsSync(report)) {
    console.error(`no test results of ${project}`);
    failed++;
    continue;
  }
  /** @type {{ numPassedTests: number, numFailedTests: number, testResults: { status: string, assertionResults: unknown[] }[] }} */
  const results = JSON.parse(readFileSync(report, "utf8"));
  const broken = results.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  passed += results.numPassedTests;
  failed += results.numFailedTests + broken.length;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
