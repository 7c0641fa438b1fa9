import { describe, expect, test } from "vitest";
import { patchedPaths } from "../../../../src/envs/swe/patch/patched-paths.ts";

describe("the paths of a diff", () => {
  test("are read from headers of every kind, not from lines that look like headers", () => {
    const patch = String.raw`diff --git a/changed.py b/changed.py
--- a/changed.py
+++ b/changed.py
@@ -1,3 +1,3 @@
 x
--- a/not-a-file.py
+++ b/not-a-file.py
 y
diff --git a/new file.py b/new file.py
new file mode 100644
--- /dev/null
+++ b/new file.py
@@ -0,0 +1 @@
+x
\ No newline at end of file
diff --git a/gone.py b/gone.py
deleted file mode 100644
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-x
diff --git a/empty.py b/empty.py
new file mode 100644
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
diff --git a/from.py b/to.py
similarity index 100%
rename from from.py
rename to to.py
diff --git "a/caf\303\251 \"q\".py" "b/caf\303\251 \"q\".py"
--- "a/caf\303\251 \"q\".py"
+++ "b/caf\303\251 \"q\".py"
@@ -1 +1 @@
-a
+b
`;
    expect(patchedPaths(patch)).toEqual([
      { path: "changed.py", kind: "changed" },
      { path: "new file.py", kind: "added" },
      { path: "gone.py", kind: "deleted" },
      { path: "empty.py", kind: "added" },
      { path: "run.sh", kind: "changed" },
      { path: "from.py", kind: "deleted" },
      { path: "to.py", kind: "changed" },
      { path: 'café "q".py', kind: "changed" },
    ]);
  });

  test("are read from a diff without git's headers", () => {
    const patch = "--- old/a.py\t2020-01-01\n+++ new/a.py\t2020-01-01\n@@ -1 +1 @@\n-a\n+b\n";
    expect(patchedPaths(patch)).toEqual([{ path: "a.py", kind: "changed" }]);
    expect(patchedPaths("")).toEqual([]);
  });
});
