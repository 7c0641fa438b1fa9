/** What both Python programs begin with: the channel, and a module path that the repository has no part in yet. */
import type { ProgramOptions, TestProgram } from "./program.ts";

/**
 * `_start(nonce)` returns `send(record)`. The channel is a copy of standard output that children do not inherit; what the
 * tests print goes to standard error. Nothing here is importable, and names are taken off `__main__` before tests run.
 */
const channel = String.raw`
import sys
sys.path[:] = [path for path in sys.path if path not in ("", ".")]
import json, os

def _start(nonce):
    write, fd, encode = os.write, os.dup(1), json.dumps
    os.dup2(2, 1)
    def send(record):
        line = ("\n%s %s\n" % (nonce, encode(record))).encode("utf-8", "backslashreplace")
        while line:
            line = line[write(fd, line):]
    return send

def _enter(paths):
    """As 'python -m' would have it; not before what runs the tests is loaded."""
    sys.path[0:0] = [os.getcwd()] + [path for path in paths.split(os.pathsep) if path]
    if paths:
        os.environ["PYTHONPATH"] = paths
`;

/** @param body calls `_start(NONCE)` and `_enter(PATHS)` itself; `FILES` are the test files. */
export function pythonProgram(body: string, { testFiles, nonce, env }: ProgramOptions): TestProgram {
  const { PYTHONPATH: paths = "", ...rest } = env;
  const call = `_main(${[nonce, paths, JSON.stringify(testFiles)].map((value) => JSON.stringify(value)).join(", ")})`;
  return {
    argv: ["python3", "-"],
    input: `${channel}\n${body}\n${call}\n`,
    files: [],
    env: { ...rest, PYTHONDONTWRITEBYTECODE: "1", PYTHONHASHSEED: "0" },
  };
}
