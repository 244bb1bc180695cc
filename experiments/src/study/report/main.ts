/** `npm run reports`: draws figures and reports of all committed results again. */
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { drawStudy, studyFolders } from "./write.ts";

const root = fileURLToPath(new URL("../../../../reports", import.meta.url));
const folders = await studyFolders(root);
for (const folder of folders) {
  const files = await drawStudy(folder);
  process.stdout.write(`${relative(root, folder)}: ${files.length} files\n`);
}
if (folders.length === 0) process.stdout.write("no results below reports\n");
