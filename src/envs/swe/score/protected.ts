/**
 * Which of the files that a patch changes belong to the tests and not to the solution: they are put back before scoring.
 * A patch is judged by what its other files do.
 */
import { posix } from "node:path";
import type { Instance } from "../instance.ts";
import { patchedPaths } from "../patch/patched-paths.ts";
import { testFilesOf } from "../tests/test-files.ts";

/** Read by test runners, or by interpreters before any test; put back wherever they are. */
const infrastructure: readonly RegExp[] = [
  /^(conftest|sitecustomize|usercustomize)\.(py|pyc|so)$/,
  /^(conftest|sitecustomize|usercustomize)\..*\.so$/,
  /^\.?pytest\.(ini|toml)$/,
  /^(setup\.cfg|tox\.ini|pyproject\.toml|noxfile\.py)$/,
  /^.*\.(pth|egg-link)$/,
  /^(package(-lock)?\.json|npm-shrinkwrap\.json|\.npmrc|\.mocharc.*|\.taprc|\.swcrc|\.babelrc.*|babel\.config\..*)$/,
  /^(vitest|vite|jest|karma|ava|playwright|postcss)\.(config|workspace|setup|shims)\b.*$/,
  /^jest-(preset|runner|environment|resolver)\b.*$/,
  /^(tsconfig.*\.json|node\.config\.json)$/,
  /^(\.env.*|\.postcssrc.*|go\.work|go\.work\.sum)$/,
];

/** Whole directories of such files. */
const infrastructureDirectories: readonly RegExp[] = [
  /^node_modules$/,
  /\.(dist|egg)-info$/,
  /^__pycache__$/,
  /^\.git$/,
];

const testDirectories = new Set(["test", "tests", "__tests__", "__mocks__", "__fixtures__", "spec", "specs"]);
const testNames = /(^test_.*\.py$|_test\.(py|go)$|\.(test|spec)\.[cm]?[jt]sx?$)/;

/** New ones at a place where modules are looked for first would stand in for what runs the tests. */
const runners = new Set([
  "pytest",
  "_pytest",
  "py",
  "pluggy",
  "iniconfig",
  "unittest",
  "doctest",
  "vitest",
  "jest",
  "node",
]);

export interface ProtectionRules {
  /** Changed paths (from the repository's root) that are put back to what they are without the patch. */
  readonly isProtected: (path: string) => boolean;
  /** Those of them that the reference solution changes too: they are put back to its version. */
  readonly byReference: ReadonlySet<string>;
}

export function protectionOf(instance: Instance): ProtectionRules {
  const reference = new Set(patchedPaths(instance.patch).map(({ path }) => path));
  const tests = new Set([
    ...patchedPaths(instance.test_patch).map(({ path }) => path),
    ...(instance.environment.testReport === "go" ? instance.environment.testFiles : testFilesOf(instance)),
  ]);
  const isOfTests = (path: string) => {
    const parts = path.split("/");
    return parts.slice(0, -1).some((part) => testDirectories.has(part)) || testNames.test(parts.at(-1)!);
  };
  return {
    isProtected: (path) =>
      tests.has(path) ||
      isInfrastructure(path) ||
      shadowsRunner(path) ||
      [...tests].some((test) => test.startsWith(`${path}/`)) ||
      // What the reference changes is part of the solution, wherever it is.
      (isOfTests(path) && !reference.has(path)),
    byReference: new Set([...reference].filter((path) => isInfrastructure(path) && !tests.has(path))),
  };
}

function isInfrastructure(path: string): boolean {
  const parts = path.split("/");
  return (
    infrastructure.some((pattern) => pattern.test(parts.at(-1)!)) ||
    parts.some((part) => infrastructureDirectories.some((pattern) => pattern.test(part)))
  );
}

/** Of the repository's root or of a directory that holds sources. */
function shadowsRunner(path: string): boolean {
  const [first = "", second = ""] = path.split("/");
  return (
    runners.has(posix.parse(first).name) ||
    ((first === "src" || first === "lib") && runners.has(posix.parse(second).name))
  );
}
