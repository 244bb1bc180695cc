/** Skipping with a reason that the reader of the test log sees. */
import { describe, test } from "vitest";

/**
 * `describe` for tests that need something a machine may lack. With a reason to skip, `body` does
 * not run: one skipped test stands for it, and the reason goes to the log.
 *
 * @param reason why the tests cannot run here; undefined when they can.
 */
export function describeUnless(reason: string | undefined, name: string, body: () => void): void {
  if (reason === undefined) {
    describe(name, body);
    return;
  }
  describe(name, () => {
    test("is skipped", (context) => {
      process.stderr.write(`skipped: ${name}: ${reason}\n`);
      context.skip(reason);
    });
  });
}
