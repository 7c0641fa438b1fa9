/**
 * Runs tests that are known to fail, and says how each fails. Nothing of it decides a score: it is run on released tests with
 * a bug of ours, and what it says becomes the words of an issue. One JSON document on standard output.
 */

/** Standard input: this program; its arguments: test ids. */
export const pytestDetails = String.raw`
import json, os, sys
sys.path[:] = [path for path in sys.path if path not in ("", ".")]
import pytest
out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
records = {}
PLAIN = (str, bytes, int, float, bool, type(None), list, tuple, dict, set)

def shown(values):
    kept = {}
    for name, value in values.items():
        if isinstance(value, PLAIN) and not name.startswith("_") and name != "self":
            text = repr(value)
            if len(text) <= 400:
                kept[name] = text
    return kept

class Details:
    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        outcome = yield
        if call.excinfo is None or item.nodeid in records:
            return
        crash = getattr(outcome.get_result().longrepr, "reprcrash", None)
        name = getattr(item, "originalname", None) or item.name
        path = str(item.path)
        own = [entry for entry in call.excinfo.traceback if str(entry.path) == path and entry.name == name]
        tests = os.path.dirname(path)
        near = [entry for entry in call.excinfo.traceback if str(entry.path).startswith(tests)]
        message = crash.message if crash else str(call.excinfo.value)
        if message == "AssertionError":
            # A helper's assertion, which pytest does not take apart.
            last = call.excinfo.traceback[-1]
            values = shown(last.locals).items()
            message = "\n".join(["AssertionError: " + str(last.statement).strip(), *("  %s = %s" % pair for pair in values)])
        records[item.nodeid] = {
            "type": call.excinfo.type.__name__,
            "message": message[:6000],
            "line": own[-1].lineno + 1 if own else None,
            "values": shown(getattr(getattr(item, "callspec", None), "params", {}) if own else near[-1].locals if near else {}),
        }

sys.path.insert(0, os.getcwd())
sys.path[1:1] = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
pytest.main(["--rootdir", os.getcwd(), "-p", "no:cacheprovider", "-vv", "--tb=short", *sys.argv[1:]], plugins=[Details()])
json.dump(records, out)
out.flush()
os._exit(0)
`;

/** A reporter for node:test. */
export const nodeDetails = String.raw`
import { relative } from "node:path";
const root = process.cwd();
const records = {};
const open = new Map();
export default async function* (source) {
  for await (const { type, data } of source) {
    const { name, nesting, file, details } = data ?? {};
    if (type === "test:start") {
      const names = open.get(file) ?? [];
      names.length = nesting;
      names.push(name);
      open.set(file, names);
    }
    if (type !== "test:fail" || details?.type === "suite") continue;
    const cause = details?.error?.cause ?? details?.error ?? {};
    const path = relative(root, file);
    const at = String(cause.stack ?? "").split("\n").find((line) => line.includes(file));
    const line = at === undefined ? null : Number(/:(\d+):\d+\)?$/.exec(at)?.[1] ?? 0) || null;
    records[[path, ...(open.get(file) ?? []).slice(0, nesting), name].join(" > ")] = {
      type: cause.name ?? "Error",
      message: String(cause.message ?? cause).slice(0, 6000),
      line,
      values: {},
    };
  }
  yield JSON.stringify(records);
}
`;
