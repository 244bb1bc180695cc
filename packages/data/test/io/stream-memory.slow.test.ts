import { describe, expect, test } from "vitest";
import { streamLargeFile } from "./large-file.ts";

const FILE_BYTES = 1e9;
/** Beyond those before: as for a file of a tenth of the size, and the row numbers and hashes. */
const MOST_BYTES = 3e8;

describe("io: memory", () => {
  test("a file of 1 GB does not enter memory", () => {
    const { rows, rowsWritten, fileBytes, beforeBytes, peakBytes } = streamLargeFile(FILE_BYTES);
    process.stderr.write(
      `${fileBytes / 1e6} MB in ${rows} rows: ${beforeBytes / 1e6} MB before, ` +
        `${peakBytes / 1e6} MB at the peak\n`,
    );
    expect(rows).toBe(rowsWritten);
    expect(peakBytes - beforeBytes).toBeLessThan(MOST_BYTES);
  });
});
