/** What `--data` may name: a file or folder, or a data set on the Hugging Face Hub. */
import { existsSync } from "node:fs";
import { DataError } from "@preflab/data";

/** `ORG/NAME` on the Hugging Face Hub, with a folder, revision or part. */
const HUB_NAME = /^\w[\w.-]*(?:\/\w[\w.-]*)+(?:@[^@:]+)?(?::[A-Za-z_]+)?$/;

/** Whether data is named as a data set on the Hub is; a path below the working folder may be, too. */
export function isHubName(data: string): boolean {
  return HUB_NAME.test(data);
}

/**
 * Whether data is on this machine, so that its content can be part of a stage's key; of a name on
 * the Hub, the name is.
 * @param what it should be, such as "reviews"
 * @throws DataError where there is nothing of that name
 */
export function isLocalData(data: string, what: string): boolean {
  if (existsSync(data)) return true;
  if (isHubName(data)) return false;
  throw new DataError(
    `${data}: expected a file or folder of ${what}, got nothing there. Check --data.`,
  );
}
