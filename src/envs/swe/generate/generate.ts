/** The default task set: every project's instances, in a JSONL file for each split. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory } from "../../../core/cache-directory.ts";
import { createRandom } from "../../../core/random.ts";
import type { SandboxSource } from "../../../core/sandbox.ts";
import { type Split, splits } from "../../../core/task.ts";
import type { InstanceInput } from "../instance.ts";
import { fetchArchives } from "./archives.ts";
import { readFinished, writeFinished } from "./finished.ts";
import { type MadeInstances, makeInstances } from "./make-instances.ts";
import { type Project, projects as allProjects } from "./projects.ts";

export interface GenerateOptions {
  /** Default 0. Other seeds give other bugs and other words. */
  readonly seed?: number;
  /** Where to: see README.md. Default: where `swe/repo` looks for tasks, "tasks-quick" beside it for the quick ones. */
  readonly directory?: string;
  readonly sandboxes: SandboxSource;
  /** Sandboxes at once. */
  readonly parallel: number;
  /** True: a handful of instances of three quick projects, one in each split, for CI. */
  readonly quick?: boolean;
  readonly signal: AbortSignal;
  /** True: time is spent; what was found out is kept, and a further run goes on. */
  readonly spent?: () => boolean;
  readonly onProgress?: (progress: GenerateProgress) => void;
}

export interface GenerateProgress {
  readonly project: string;
  /** Instances made of all projects, and asked for. */
  readonly made: number;
  readonly wanted: number;
  /** Bugs of this project tried. */
  readonly tried: number;
}

export interface GenerateReport {
  readonly directory: string;
  readonly complete: boolean;
  readonly instances: Readonly<Record<Split, number>>;
  readonly projects: readonly {
    readonly name: string;
    readonly split: Split;
    readonly instances: number;
    readonly verdicts: MadeInstances["verdicts"];
  }[];
}

/** Bump when the same seed gives other instances. */
const generation = 3;
const quickProjects = ["simplejson", "secure-json-parse", "voluptuous"];
const quickInstances = 2;

/**
 * The same seed gives the same files, however often it was ended and begun again.
 * @throws ConfigError ERR_SWE_ARCHIVES when sources cannot be had; SandboxError when sandboxes cannot.
 */
export async function generate(options: GenerateOptions): Promise<GenerateReport> {
  const { seed = 0, quick = false, signal, spent = () => false } = options;
  const { directory = cacheDirectory("swe", quick ? "tasks-quick" : "tasks") } = options;
  const chosen = allProjects
    .filter(({ name }) => !quick || quickProjects.includes(name))
    .map((project) => ({ project, wanted: quick ? quickInstances : project.instances }));
  await fetchArchives(
    chosen.flatMap(({ project: { archive, dependencies = [] } }) => [archive, ...dependencies]),
    { signal },
  );
  const wanted = chosen.reduce((sum, { wanted }) => sum + wanted, 0);
  const results: { project: Project; made: MadeInstances }[] = [];
  let madeBefore = 0;
  for (const { project, wanted: share } of chosen) {
    const file = join(directory, "finished", `${project.name}.json`);
    const key = JSON.stringify([generation, seed, share, project]);
    const made =
      (await readFinished(file, key)) ??
      (spent()
        ? { instances: [], complete: false, verdicts: {} }
        : await makeInstances(project, {
            wanted: share,
            directory,
            sandboxes: options.sandboxes,
            parallel: options.parallel,
            random: createRandom(`swe ${seed} ${project.name}`),
            signal,
            spent,
            onProgress: (made, tried) =>
              options.onProgress?.({ project: project.name, made: madeBefore + made, wanted, tried }),
          }));
    if (made.complete) await writeFinished(file, key, made);
    madeBefore += made.instances.length;
    results.push({ project, made });
  }
  const rows = (split: Split) =>
    results.filter(({ project }) => project.split === split).flatMap(({ made }) => made.instances);
  for (const split of splits) await writeRows(join(directory, `${split}.jsonl`), rows(split));
  return {
    directory,
    complete: results.every(({ made }) => made.complete),
    instances: { train: rows("train").length, dev: rows("dev").length, test: rows("test").length },
    projects: results.map(({ project: { name, split }, made }) => ({
      name,
      split,
      instances: made.instances.length,
      verdicts: made.verdicts,
    })),
  };
}

/** All or nothing. Single-edit bugs and those of several edits take turns as they were made. */
async function writeRows(file: string, rows: readonly InstanceInput[]): Promise<void> {
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(`${file}.part`, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  await rename(`${file}.part`, file);
}
