/**
 * One SWE instance: SWE-bench's fields, so that its rows run unchanged, and `environment`, which says where it runs and how
 * its tests are run.
 *
 * Test ids, as FAIL_TO_PASS and PASS_TO_PASS name them, by `testReport`:
 * - pytest: node ids from the repository's root, `tests/test_a.py::TestB::test_c[1]`;
 * - unittest: `test_c (package.module.Class)`, as `unittest -v` prints them up to Python 3.10;
 * - node, vitest, jest: `path/of/the.test.js > suite > test`, the path from the repository's root;
 * - go: `import/path::TestA/case`.
 */
import { z } from "zod";

export const testReports = ["pytest", "unittest", "node", "vitest", "jest", "go"] as const;
export type TestReport = (typeof testReports)[number];

const safePath = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => !path.startsWith("/") && !path.split("/").includes("..") && !path.includes("\0"), {
    error: 'must be a path inside the repository, such as "tests/test_a.py"',
  });

const testIds = z
  .preprocess(
    (value) => {
      if (typeof value !== "string") return value;
      try {
        return JSON.parse(value) as unknown;
      } catch {
        return value;
      }
    },
    z.array(z.string().min(1), { error: "must be a list of test ids, or a JSON string of one" }),
  )
  .transform((ids) => [...new Set(ids)]);

const environmentSchema = z.strictObject({
  /** Name of the container image; default: the base image. */
  image: z.string().min(1).optional(),
  /** True: the image holds the repository, at /testbed. */
  writableRoot: z.boolean().optional(),
  /**
   * Where the source tree at `base_commit` is: a local git repository (`base_commit` is then checked out of it), a plain
   * directory, or a .tar.gz of one. Relative to the JSONL file. Without it the image holds the repository.
   */
  repository: z.string().min(1).optional(),
  /** What is sourced by bash before the agent's shell and before the tests: `source /opt/conda/bin/activate testbed`. */
  activate: z.string().min(1).optional(),
  /** Environment variables of the agent's shell and of the tests, such as PYTHONPATH. */
  variables: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be a variable name"), z.string()).default({}),
  testReport: z.enum(testReports).default("pytest"),
  /**
   * Leave it out: our own runner and reporter of `testReport` then run `testFiles` and are harder to deceive. A command of the
   * instance's own (the files to run are added at its end) is for suites that only start that way: its standard output is
   * parsed, as `pytest -rA`, `unittest -v`, `node --test` (TAP), `vitest --reporter=json`, `jest --json`, `go test -json`.
   */
  testCommand: z.array(z.string().min(1)).min(1).optional(),
  /**
   * What to run beside the files that the test patch and the test ids name; from the repository's root. For a `testCommand`:
   * what to run instead of them, in its own words.
   */
  testFiles: z.array(safePath).default([]),
  /** For one run of the tests. */
  timeoutSeconds: z.number().min(1).max(7200).default(600),
});

/** Loose: data sets carry more fields than we read. */
export const instanceSchema = z.object({
  instance_id: z
    .string()
    .max(256)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._+@-]*$/, "must be letters, digits and . _ + @ -"),
  repo: z.string().min(1),
  base_commit: z.string().min(1),
  problem_statement: z.string().min(1),
  /** Shown to nobody; kept for those who write prompts with it. */
  hints_text: z.string().nullish(),
  /** The gold patch. */
  patch: z.string(),
  test_patch: z.string().default(""),
  FAIL_TO_PASS: testIds.refine((ids) => ids.length > 0, { error: "must name at least one test" }),
  PASS_TO_PASS: testIds,
  version: z.string().nullish(),
  created_at: z.string().nullish(),
  environment_setup_commit: z.string().nullish(),
  /** Dependent edits that the solution needs; for tasks by horizon. */
  horizon: z.int().min(1).optional(),
  environment: environmentSchema.prefault({}),
});

export type Instance = z.infer<typeof instanceSchema>;
/** An instance as it is written. */
export type InstanceInput = z.input<typeof instanceSchema>;

/** Where the repository is, in every sandbox of an instance. */
export const testbed = "/testbed";
