/** Runs a project's tests on changed sources, each time in a fresh sandbox with a fresh copy of the released tree. */
import type { Sandbox, SandboxSource } from "../../../core/sandbox.ts";
import { baseImageName } from "../../../sandbox/images/base-image.ts";
import { type Instance, type InstanceInput, instanceSchema, testbed } from "../instance.ts";
import { prepareRepository } from "../repository.ts";
import { runTests, type TestRun } from "../tests/run-tests.ts";
import type { Project } from "./projects.ts";
import type { ProjectTree } from "./project-tree.ts";
import type { Changes, TaskRepository } from "./task-repository.ts";

/** For one run: what waits for ever ends here, on a busy machine too. The suites take three seconds on an idle one. */
const runSeconds = 60;
/** For one process: what computes for ever ends here, however busy the machine is. */
const processSeconds = 30;

export class ProjectBench {
  readonly project: Project;
  readonly #sandboxes: SandboxSource;
  readonly #instance: Instance;
  readonly #source: string;

  private constructor(project: Project, sandboxes: SandboxSource, instance: Instance, source: string) {
    this.project = project;
    this.#sandboxes = sandboxes;
    this.#instance = instance;
    this.#source = source;
  }

  static async open(
    project: Project,
    tree: ProjectTree,
    repository: TaskRepository,
    sandboxes: SandboxSource,
  ): Promise<ProjectBench> {
    const environment = { ...environmentOf(project, repository.directory, tree.testFiles), timeoutSeconds: runSeconds };
    const base = {
      instance_id: project.name,
      repo: project.repo,
      base_commit: await repository.base,
      problem_statement: "none",
      patch: "",
      FAIL_TO_PASS: ["none"],
      PASS_TO_PASS: [],
    };
    const instance = instanceSchema.parse({ ...base, environment });
    return new ProjectBench(project, sandboxes, instance, await prepareRepository(instance));
  }

  run(changes: Changes, options: { readonly signal: AbortSignal }): Promise<TestRun> {
    const { environment } = this.#instance;
    const testFiles = environment.testFiles.filter((path) => changes.get(path) !== null);
    const instance = { ...this.#instance, environment: { ...environment, testFiles } };
    return this.inside(changes, (sandbox) => runTests(sandbox, instance, options), options);
  }

  /** For other questions to the changed tree. */
  async inside<T>(
    changes: Changes,
    body: (sandbox: Sandbox) => Promise<T>,
    options: { readonly signal: AbortSignal },
  ): Promise<T> {
    const workspace = { path: testbed, source: this.#source };
    await using sandbox = await this.#sandboxes.start(
      { image: baseImageName, workspace, limits: benchLimits },
      options,
    );
    const removed = [...changes].filter(([, text]) => text === null).map(([path]) => `${testbed}/${path}`);
    if (removed.length > 0) await sandbox.exec(["rm", "-f", "--", ...removed]);
    const written = [...changes].filter((change): change is [string, string] => change[1] !== null);
    await sandbox.write(written.map(([path, content]) => ({ path: `${testbed}/${path}`, content })));
    return await body(sandbox);
  }
}

const benchLimits = { maxOutputBytes: 32 * 1024 * 1024, cpuSeconds: processSeconds };

/** How a project's tests are run, as its instances say it. @param repository of the project's commits. */
export function environmentOf(
  { language, pythonPath }: Project,
  repository: string,
  testFiles: readonly string[],
): NonNullable<InstanceInput["environment"]> {
  return {
    repository,
    testReport: language === "python" ? "pytest" : "node",
    testFiles: [...testFiles],
    ...(pythonPath !== undefined && { variables: { PYTHONPATH: `${testbed}/${pythonPath}` } }),
    timeoutSeconds: 300,
  };
}
