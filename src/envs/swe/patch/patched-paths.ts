/** Reads which files a unified diff touches; it never decides what is applied, git does. */

export interface PatchedPath {
  /** From the repository's root; control characters and quotes as C escapes stand for (git quotes them). */
  readonly path: string;
  readonly kind: "changed" | "added" | "deleted";
}

/** Both names of a rename. A patch without `diff --git` lines is read by its `---` and `+++` lines. */
export function patchedPaths(patch: string): PatchedPath[] {
  const found = new Map<string, PatchedPath["kind"]>();
  let inHunk = 0;
  let inHunkNew = 0;
  let before: string | null = null;
  for (const line of patch.split("\n")) {
    if (inHunk > 0 || inHunkNew > 0) {
      if (line.startsWith("-")) inHunk -= 1;
      else if (line.startsWith("+")) inHunkNew -= 1;
      else if (!line.startsWith("\\")) {
        inHunk -= 1;
        inHunkNew -= 1;
      }
      continue;
    }
    const hunk = /^@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@/.exec(line);
    if (hunk) {
      inHunk = Number(hunk[1] ?? 1);
      inHunkNew = Number(hunk[2] ?? 1);
      continue;
    }
    const header = /^diff --git (.+)$/.exec(line);
    if (header) for (const path of headerPaths(header[1]!)) found.set(path, found.get(path) ?? "changed");
    if (line.startsWith("--- ")) before = nameOf(line.slice(4));
    else if (line.startsWith("+++ ")) {
      const after = nameOf(line.slice(4));
      if (before !== null) found.set(before, after === null ? "deleted" : "changed");
      if (after !== null) found.set(after, before === null ? "added" : "changed");
    } else if (/^(rename|copy) (from|to) /.test(line)) {
      const path = unquote(line.replace(/^\w+ \w+ /, ""));
      found.set(path, line.startsWith("rename from") ? "deleted" : (found.get(path) ?? "changed"));
    } else if (line.startsWith("deleted file mode ")) mark(found, "deleted");
    else if (line.startsWith("new file mode ")) mark(found, "added");
  }
  return [...found].map(([path, kind]) => ({ path, kind }));
}

/** The header that was read last says what follows. */
function mark(found: Map<string, PatchedPath["kind"]>, kind: PatchedPath["kind"]): void {
  const last = [...found.keys()].at(-1);
  if (last !== undefined) found.set(last, kind);
}

/** `a/x b/x`: the same name twice, but for a rename, which says its names on lines of their own. */
function headerPaths(text: string): string[] {
  if (text.startsWith('"') || text.endsWith('"')) {
    const quoted = [...text.matchAll(/"(?:[^"\\]|\\.)*"/g)].map(([name]) => strip(unquote(name)));
    return quoted.length > 0 ? [...new Set(quoted)] : [];
  }
  const half = (text.length - 1) / 2;
  const [left, right] = [text.slice(0, half), text.slice(half + 1)];
  return strip(left) === strip(right) ? [strip(left)] : [];
}

function nameOf(text: string): string | null {
  const name = unquote(text.startsWith('"') ? text.trimEnd() : text.split("\t", 1)[0]!.trimEnd());
  return name === "/dev/null" ? null : strip(name);
}

function strip(name: string): string {
  return name.replace(/^[^/]+\//, "");
}

const escapes: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, '"': 34, "\\": 92, a: 7, b: 8, f: 12, v: 11 };

function unquote(name: string): string {
  if (!name.startsWith('"')) return name;
  const bytes: number[] = [];
  const text = Buffer.from(name.slice(1, name.lastIndexOf('"')), "utf8").toString("latin1");
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== "\\") bytes.push(text.charCodeAt(i));
    else if (/^[0-7]{3}/.test(text.slice(i + 1, i + 4))) {
      bytes.push(Number.parseInt(text.slice(i + 1, i + 4), 8) & 255);
      i += 3;
    } else bytes.push(escapes[text[++i] ?? "\\"] ?? text.charCodeAt(i));
  }
  return Buffer.from(bytes).toString("utf8");
}
