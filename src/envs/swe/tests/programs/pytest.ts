/** pytest, from version 4: a plugin of ours on its hooks. */
import type { ProgramOptions, TestProgram } from "./program.ts";
import { pythonProgram } from "./python-channel.ts";

/**
 * A test is reported once, after its teardown. What was raised is seen before any other hook can replace the report: a call
 * that raised and is said to have passed counts as failed. A failure that the
 * test is marked to expect counts as passed, as in SWE-bench; `pytest.xfail()`, which any code may call, as skipped.
 */
const body = String.raw`
def _main(nonce, paths, files):
    import pytest
    send = _start(nonce)
    for name in ("_main", "_start"):
        globals().pop(name)
    send({"hello": True})
    raised, statuses, sent, expected = {}, {}, set(), set()
    order = {"passed": 0, "skipped": 1, "failed": 2, "error": 3}

    class Reporter:
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_setup(self, item):
            if item.get_closest_marker("xfail") is not None:
                expected.add(item.nodeid)

        @pytest.hookimpl(hookwrapper=True, tryfirst=True)
        def pytest_runtest_makereport(self, item, call):
            if call.excinfo is not None:
                raised.setdefault((item.nodeid, call.when), call.excinfo.type)
            yield

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logreport(self, report):
            if report.outcome == "failed":
                status = "failed" if report.when == "call" else "error"
            elif hasattr(report, "wasxfail"):
                status = "passed" if report.nodeid in expected else "skipped"
            elif report.outcome == "passed":
                status = "failed" if (report.nodeid, report.when) in raised else "passed"
                if report.when != "call" and status == "passed":
                    return
            else:
                status = "skipped"
            before = statuses.get(report.nodeid, "passed")
            statuses[report.nodeid] = max(before, status, key=order.get)

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logfinish(self, nodeid, location):
            if nodeid not in sent:
                sent.add(nodeid)
                send({"id": nodeid, "status": statuses.get(nodeid, "error")})

    _enter(paths)
    root = os.getcwd()
    sys.argv = ["pytest"]
    options = ["--rootdir", root, "-p", "no:cacheprovider", "--maxfail=0", "--continue-on-collection-errors", "-q"]
    code = pytest.main(options + json.loads(files), plugins=[Reporter()])
    send({"end": len(sent), "code": int(code)})
    sys.stderr.flush()
    os._exit(int(code))
`;

export function pytestProgram(options: ProgramOptions): TestProgram {
  return pythonProgram(body, options);
}
