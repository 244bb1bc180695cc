/** What we download, found by Python's huggingface_hub in the same cache. */
import { spawnSync } from "node:child_process";
import { describeUnless, fakeHub } from "@preflab/testing";
import { expect, test } from "vitest";
import { downloadModel } from "../../src/io/hub-download.ts";
import { resolveModel } from "../../src/io/hub-resolve.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const python = process.env["PREFLAB_PYTHON"];
const missing =
  python === undefined
    ? "PREFLAB_PYTHON does not name a Python"
    : spawnSync(python, ["-c", "import huggingface_hub"]).status === 0
      ? undefined
      : "$PREFLAB_PYTHON has no huggingface_hub";

const REPO = "someone/tiny-model";
const COMMIT = "0123456789abcdef0123456789abcdef01234567";
const SCRIPT = `
import json, sys
from huggingface_hub import scan_cache_dir, snapshot_download
path = snapshot_download(sys.argv[1], cache_dir=sys.argv[2], local_files_only=True)
cache = scan_cache_dir(sys.argv[2])
repo, = cache.repos
print(json.dumps({
    "path": path,
    "warnings": [str(warning) for warning in cache.warnings],
    "repo": repo.repo_id,
    "revisions": {revision.commit_hash: sorted(revision.refs) for revision in repo.revisions},
    "files": sorted(file.file_name for revision in repo.revisions for file in revision.files),
}))
`;

describeUnless(missing, "io/hub in Python's huggingface_hub", () => {
  test("a downloaded model is a cached snapshot for both", async () => {
    const text = (content: string): Uint8Array => new TextEncoder().encode(content);
    const files = { "config.json": text("{}"), "model.safetensors": text("weights") };
    const hub = await fakeHub({ repo: REPO, files, revisions: { main: COMMIT } });
    const cacheDir = await temporaryFolder();
    const { path } = await downloadModel({ repo: REPO, cacheDir, hubUrl: hub.url });
    const result = spawnSync(python ?? "", ["-c", SCRIPT, REPO, cacheDir], { encoding: "utf8" });
    expect(result.status, result.stderr).toBe(0);
    expect(JSON.parse(result.stdout)).toEqual({
      path,
      warnings: [],
      repo: REPO,
      revisions: { [COMMIT]: ["main"] },
      files: Object.keys(files),
    });
    expect((await resolveModel(REPO, { cacheDir })).path).toBe(path);
  });
});
