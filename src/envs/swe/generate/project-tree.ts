/** A project's source tree as the agents' repository starts from: its archive without what is built, with what its tests need. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { extractTarball } from "../tarball.ts";
import { archivePath } from "./archives.ts";
import { tapePackage } from "./programs/tape.ts";
import type { Archive, Project } from "./projects.ts";

const sourceName = { python: /\.py$/, javascript: /\.[cm]?js$/ };
const testName = { python: /(^|\/)(test_[^/]*|[^/]*_test|tests)\.py$/, javascript: /\.[cm]?js$/ };

/** Made in a temporary directory that the caller removes. */
export class ProjectTree implements AsyncDisposable {
  readonly directory: string;
  /** Paths from the root, sorted. */
  readonly sourceFiles: readonly string[];
  readonly testFiles: readonly string[];

  private constructor(directory: string, files: readonly string[], { language, sources, tests }: Project) {
    this.directory = directory;
    this.testFiles = files.filter((path) => isUnder(path, tests) && testName[language].test(path));
    this.sourceFiles = files.filter(
      (path) => isUnder(path, sources) && !isUnder(path, tests) && sourceName[language].test(path),
    );
  }

  static async unpack(project: Project): Promise<ProjectTree> {
    const directory = await mkdtemp(join(tmpdir(), "afterstate-project-"));
    try {
      await extractTarball(archivePath(project.archive), directory);
      for (const path of project.without ?? []) await rm(join(directory, path), { recursive: true });
      if (project.language === "javascript") await layDependencies(directory, project.dependencies ?? []);
      return new ProjectTree(directory, await listFiles(directory), project);
    } catch (error) {
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  read(path: string): Promise<string> {
    return readFile(join(this.directory, path), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

async function layDependencies(directory: string, dependencies: readonly Archive[]): Promise<void> {
  for (const dependency of dependencies) {
    const target = join(directory, "node_modules", dependency.name);
    await mkdir(target, { recursive: true });
    await extractTarball(archivePath(dependency), target);
    await rm(join(target, "test"), { recursive: true, force: true });
  }
  const tape = join(directory, "node_modules", "tape");
  await mkdir(tape, { recursive: true });
  for (const [name, content] of Object.entries(tapePackage)) await writeFile(join(tape, name), content);
}

async function listFiles(root: string, below = ""): Promise<string[]> {
  const files: string[] = [];
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const path = posix.join(below, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules") files.push(...(await listFiles(root, path)));
    else if (entry.isFile()) files.push(path);
  }
  return files.sort();
}

function isUnder(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => path === root || path.startsWith(`${root}/`));
}
