/** unittest, by modules: `tests/test_a.py` is `tests.test_a`, as `python -m unittest tests/test_a.py` has it. */
import type { ProgramOptions, TestProgram } from "./program.ts";
import { pythonProgram } from "./python-channel.ts";

/** A failed subtest fails its test. A module that cannot be loaded has no tests. */
const body = String.raw`
def _main(nonce, paths, files):
    import unittest
    send = _start(nonce)
    for name in ("_main", "_start"):
        globals().pop(name)
    send({"hello": True})
    count = [0]

    class Result(unittest.TestResult):
        def startTest(self, test):
            self.status = "passed"
            super().startTest(test)
        def addError(self, test, err):
            self.status = "error"
            super().addError(test, err)
        def addFailure(self, test, err):
            self.status = "failed"
            super().addFailure(test, err)
        def addUnexpectedSuccess(self, test):
            self.status = "failed"
            super().addUnexpectedSuccess(test)
        def addSkip(self, test, reason):
            if self.status == "passed":
                self.status = "skipped"
            super().addSkip(test, reason)
        def addSubTest(self, test, subtest, err):
            if err is not None:
                self.status = "failed"
            super().addSubTest(test, subtest, err)
        def stopTest(self, test):
            count[0] += 1
            kind = type(test)
            name = "%s (%s.%s)" % (getattr(test, "_testMethodName", test), kind.__module__, kind.__qualname__)
            send({"id": name, "status": self.status})
            super().stopTest(test)

    run = unittest.TestSuite.run
    load = unittest.defaultTestLoader.loadTestsFromName
    _enter(paths)
    sys.argv = ["unittest"]
    suite = unittest.TestSuite()
    for path in json.loads(files):
        suite.addTest(load(path[:-3].replace("/", ".")))
    result = Result()
    run(suite, result)
    send({"end": count[0]})
    sys.stderr.flush()
    os._exit(0 if result.wasSuccessful() else 1)
`;

export function unittestProgram(options: ProgramOptions): TestProgram {
  return pythonProgram(body, options);
}
