/** Small repositories as instances, in a temporary directory that is also the cache of prepared workspaces. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Instance, type InstanceInput, instanceSchema } from "../../../../src/envs/swe/instance.ts";

export interface Workbench extends Disposable {
  readonly directory: string;
  /** Writes a source tree; a value may be bytes. */
  tree(name: string, files: Readonly<Record<string, string | Uint8Array>>): string;
  instance(input: Partial<InstanceInput> & { readonly environment: InstanceInput["environment"] }): Instance;
}

/** Images stay where they are: they are made by the set-up, and large. */
export function workbench(): Workbench {
  const directory = mkdtempSync(join(tmpdir(), "afterstate-swe-"));
  const before = process.env["AFTERSTATE_CACHE"];
  const images = join(before ?? join(homedir(), ".cache", "afterstate"), "images");
  const cache = join(directory, "cache");
  mkdirSync(cache, { mode: 0o700 });
  symlinkSync(images, join(cache, "images"));
  process.env["AFTERSTATE_CACHE"] = cache;
  return {
    directory,
    tree(name, files) {
      const root = join(directory, name);
      for (const [path, content] of Object.entries(files)) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), content);
      }
      return root;
    },
    instance: (input) =>
      instanceSchema.parse({
        instance_id: "example__example-1",
        repo: "example/example",
        base_commit: "base",
        problem_statement: "It is broken.",
        patch: "",
        FAIL_TO_PASS: ["tests/test_a.py::test_a"],
        PASS_TO_PASS: [],
        ...input,
      }),
    [Symbol.dispose]() {
      if (before === undefined) delete process.env["AFTERSTATE_CACHE"];
      else process.env["AFTERSTATE_CACHE"] = before;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
