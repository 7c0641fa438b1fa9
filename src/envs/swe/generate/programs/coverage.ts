/**
 * What of the sources the tests run at all: a bug elsewhere is found by none of them, and need not be tried. One JSON document
 * on standard output: by path, the ranges of UTF-16 offsets that no test reaches.
 */

/** Standard input: this program. Arguments: source files as JSON, then test files. */
export const pythonCoverage = String.raw`
import json, os, sys, threading
sys.path[:] = [path for path in sys.path if path not in ("", ".")]
import pytest
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
root = os.getcwd()
sources = json.loads(sys.argv[1])
lines = {os.path.join(root, path): set() for path in sources}

def trace(frame, event, argument):
    seen = lines.get(frame.f_code.co_filename)
    if seen is None:
        return None
    seen.add(frame.f_lineno)
    return trace

sys.path.insert(0, root)
sys.path[1:1] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
threading.settrace(trace)
sys.settrace(trace)
pytest.main(["--rootdir", root, "-p", "no:cacheprovider", "-q", *sys.argv[2:]])
sys.settrace(None)

def unreached(path):
    with open(os.path.join(root, path), encoding="utf-8", newline="") as file:
        text = file.read()
    seen, ranges, at = lines[os.path.join(root, path)], [], 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        end = at + len(line.encode("utf-16-le")) // 2
        # The later lines of a statement are not always told apart from its first one.
        if not seen & {number - 2, number - 1, number}:
            if ranges and ranges[-1][1] == at:
                ranges[-1][1] = end
            else:
                ranges.append([at, end])
        at = end
    return ranges

json.dump({path: unreached(path) for path in sources}, out)
out.flush()
os._exit(0)
`;

/** Run after the tests, which NODE_V8_COVERAGE made write into a directory. Arguments: it, then source files. */
export const nodeCoverage = String.raw`
const { readdirSync, readFileSync } = require("node:fs");
const { join } = require("node:path");
const { pathToFileURL } = require("node:url");
const [directory, ...paths] = process.argv.slice(1);
const reached = new Map();
for (const path of paths)
  reached.set(pathToFileURL(join(process.cwd(), path)).href, { path, seen: new Uint8Array(readFileSync(path, "utf8").length) });
for (const name of readdirSync(directory)) {
  for (const { url, functions } of JSON.parse(readFileSync(join(directory, name), "utf8")).result) {
    const source = reached.get(url);
    if (!source) continue;
    const here = new Uint8Array(source.seen.length);
    // Outer ranges come before those inside them, which know better.
    for (const { ranges } of functions)
      for (const { startOffset, endOffset, count } of ranges) here.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    here.forEach((value, i) => (source.seen[i] |= value));
  }
}
const answer = {};
for (const { path, seen } of reached.values()) {
  const ranges = [];
  for (let i = 0; i < seen.length; i++) {
    if (seen[i]) continue;
    const last = ranges.at(-1);
    if (last && last[1] === i) last[1] = i + 1;
    else ranges.push([i, i + 1]);
  }
  answer[path] = ranges;
}
process.stdout.write(JSON.stringify(answer));
`;
