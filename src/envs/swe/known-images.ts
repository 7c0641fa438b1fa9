/**
 * Where rows of SWE-bench and SWE-Gym run, whose data sets do not say it: in their harnesses' own images, one for each
 * instance, with the repository at /testbed and its programs in a conda environment.
 */
import type { Instance } from "./instance.ts";
import { patchedPaths } from "./patch/patched-paths.ts";

/** SWE-bench's repositories; SWE-Gym's are others. */
const sweBench = new Set([
  "astropy/astropy",
  "django/django",
  "matplotlib/matplotlib",
  "mwaskom/seaborn",
  "pallets/flask",
  "psf/requests",
  "pydata/xarray",
  "pylint-dev/pylint",
  "pytest-dev/pytest",
  "scikit-learn/scikit-learn",
  "sphinx-doc/sphinx",
  "sympy/sympy",
]);

/** For an instance that has neither an image nor a repository; what its row does say stays. */
export function withKnownImage(instance: Instance): Instance {
  const { environment, instance_id, repo } = instance;
  if (environment.image !== undefined || environment.repository !== undefined) return instance;
  const id = instance_id.toLowerCase();
  // Sources: swebench, harness/test_spec; SWE-Gym's README.
  const image = sweBench.has(repo)
    ? `swebench/sweb.eval.x86_64.${id.replace("__", "_1776_")}:latest`
    : `xingyaoww/sweb.eval.x86_64.${id.replace("__", "_s_")}:latest`;
  const known = { ...environment, image, writableRoot: true };
  known.activate ??= "source /opt/miniconda3/bin/activate testbed";
  return { ...instance, environment: repo === "django/django" ? { ...known, ...django(instance) } : known };
}

/** Django's tests only start by its own script, which takes modules; it prints what `unittest -v` does. */
function django({ test_patch, environment }: Instance): Partial<Instance["environment"]> {
  const modules = patchedPaths(test_patch)
    .filter(({ path, kind }) => kind !== "deleted" && path.endsWith(".py"))
    .map(({ path }) =>
      path
        .replace(/^tests\//, "")
        .replace(/\.py$/, "")
        .replaceAll("/", "."),
    );
  const script = ["./tests/runtests.py", "--verbosity", "2", "--settings=test_sqlite", "--parallel", "1"];
  const { testCommand = script, testFiles } = environment;
  return { testReport: "unittest", testCommand, testFiles: testFiles.length > 0 ? testFiles : [...new Set(modules)] };
}
