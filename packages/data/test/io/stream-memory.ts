/** Inspects and lints a file and prints the bytes that the process had before and at its peak. */
import { inspectFile, lintFile } from "@preflab/data";

const [path = ""] = process.argv.slice(2);
const beforeBytes = process.memoryUsage().rss;
const { rows } = await inspectFile(path);
const report = await lintFile(path);
// Linux and macOS give the peak in KiB here.
const peakBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ rows, linted: report.rows, beforeBytes, peakBytes }));
