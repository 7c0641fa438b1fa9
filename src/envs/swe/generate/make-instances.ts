/** Makes a project's instances: bugs of one edit first, then bugs of several that were each kept alone. */
import { join } from "node:path";
import type { Random } from "../../../core/random.ts";
import type { SandboxSource } from "../../../core/sandbox.ts";
import type { InstanceInput } from "../instance.ts";
import { stableTests } from "./baseline.ts";
import { isReached, unreachedBy } from "./coverage.ts";
import type { Failure } from "./failures.ts";
import { hideTests, waysToHide } from "./hide-tests.ts";
import { Journal } from "./journal.ts";
import { judgeBug, type Verdict } from "./judge-bug.ts";
import { type Bug, changesOf, inTurns, makeBug } from "./mutate/bug.ts";
import { findSites } from "./mutate/find-sites.ts";
import type { Site } from "./mutate/site.ts";
import { environmentOf, ProjectBench } from "./project-bench.ts";
import { ProjectTree } from "./project-tree.ts";
import type { Project } from "./projects.ts";
import { namesTests, type Symptom, tellingFirst, writeStatement } from "./statement.ts";
import { TaskRepository } from "./task-repository.ts";
import { type LocatedTest, locateTests } from "./test-source.ts";

export interface MakeOptions {
  /** How many, of all horizons. */
  readonly wanted: number;
  /** Holds the JSONL files, `repositories/` and `journals/`. */
  readonly directory: string;
  readonly sandboxes: SandboxSource;
  /** Sandboxes at once. */
  readonly parallel: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  /** True: no further bug is tried. */
  readonly spent: () => boolean;
  readonly onProgress: (made: number, tried: number) => void;
}

export interface MadeInstances {
  readonly instances: readonly InstanceInput[];
  /** False: time was spent before enough were made, and a further run goes on. */
  readonly complete: boolean;
  /** How often what was found of a bug: "kept", or why not. */
  readonly verdicts: Readonly<Record<string, number>>;
}

/** What becomes of the wish for instances, by horizon: most are single edits. */
const shareOfHorizon: readonly { readonly horizon: number; readonly share: number }[] = [
  { horizon: 2, share: 0.2 },
  { horizon: 3, share: 0.1 },
  { horizon: 4, share: 0.05 },
];
/** More bugs in one function make near twins; a project with few functions gives more of them. */
const usualPerFunction = 2;
/** Bugs tried for each instance, before a project is said to yield no more. */
const maxTriesEach = 8;

type KeptVerdict = Extract<Verdict, { kept: true }>;
interface Kept {
  readonly bug: Bug;
  readonly verdict: KeptVerdict;
}

export async function makeInstances(project: Project, options: MakeOptions): Promise<MadeInstances> {
  await using tree = await ProjectTree.unpack(project);
  const name = `${project.name}.git`;
  const repository = await TaskRepository.open(join(options.directory, "repositories", name), tree.directory);
  const bench = await ProjectBench.open(project, tree, repository, options.sandboxes);
  const journal = await Journal.open(
    join(options.directory, "journals", `${project.name}.jsonl`),
    await repository.base,
    async () => ({ stable: await stableTests(bench, options), unreached: await unreachedBy(bench, tree, options) }),
  );
  const texts = new Map<string, string>();
  for (const path of tree.sourceFiles) texts.set(path, await tree.read(path));
  const maker = new InstanceMaker({ project, tree, repository, bench, journal, texts, options });
  const instances = await maker.make();
  await repository.pack();
  return { instances, complete: maker.complete, verdicts: maker.verdicts };
}

interface Parts {
  readonly project: Project;
  readonly tree: ProjectTree;
  readonly repository: TaskRepository;
  readonly bench: ProjectBench;
  readonly journal: Journal;
  readonly texts: ReadonlyMap<string, string>;
  readonly options: MakeOptions;
}

class InstanceMaker {
  complete = true;
  readonly verdicts: Record<string, number> = {};
  readonly #parts: Parts;
  readonly #made: InstanceInput[] = [];
  #tried = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async make(): Promise<InstanceInput[]> {
    const { bench, journal, texts, options } = this.#parts;
    const { wanted, random } = options;
    const several = shareOfHorizon.map(({ horizon, share }) => ({ horizon, count: Math.round(wanted * share) }));
    const single = wanted - several.reduce((sum, { count }) => sum + count, 0);
    const { unreached } = journal.released;
    const sites = (await findSites(bench, texts, options)).filter((site) => isReached(site, unreached));
    const kept = await this.#singles(inTurns(sites, random.fork("sites")), single);
    for (const { horizon, count } of several)
      await this.#combinations(kept, horizon, count, random.fork(`horizon ${horizon}`));
    return this.#made;
  }

  async #singles(order: readonly Site[], wanted: number): Promise<Kept[]> {
    const functions = new Set(order.map(({ path, function: name }) => `${path} ${name}`)).size;
    const maxPerFunction = Math.max(usualPerFunction, Math.ceil((2 * wanted) / Math.max(1, functions)));
    const inFunction = new Map<string, number>();
    const full = ({ path, function: name }: Site) => (inFunction.get(`${path} ${name}`) ?? 0) >= maxPerFunction;
    const kept: Kept[] = [];
    let accepted = 0;
    const candidates = function* (): Generator<Bug> {
      let tries = 0;
      for (const site of order) {
        if (accepted >= wanted || tries >= wanted * maxTriesEach) return;
        if (full(site)) continue;
        tries += 1;
        yield makeBug([site]);
      }
    };
    for await (const found of this.#judged(candidates())) {
      const [site] = found.bug.sites;
      if (accepted >= wanted || full(site!)) continue;
      if (!(await this.#accept(found, [found]))) continue;
      accepted += 1;
      kept.push(found);
      inFunction.set(`${site!.path} ${site!.function}`, (inFunction.get(`${site!.path} ${site!.function}`) ?? 0) + 1);
    }
    return kept;
  }

  async #combinations(kept: readonly Kept[], horizon: number, wanted: number, random: Random): Promise<void> {
    const partsOfBug = new Map<string, readonly Kept[]>();
    const candidates = function* (): Generator<Bug> {
      for (let tries = 0; tries < wanted * maxTriesEach; tries++) {
        const parts = independent(random.shuffle(kept), horizon);
        if (parts === null) continue;
        const bug = makeBug(parts.flatMap(({ bug }) => bug.sites));
        if (partsOfBug.has(bug.key)) continue;
        partsOfBug.set(bug.key, parts);
        yield bug;
      }
    };
    let accepted = 0;
    for await (const found of this.#judged(candidates())) {
      if (accepted >= wanted) break;
      const failing = new Set(found.verdict.failing);
      const parts = partsOfBug.get(found.bug.key)!;
      // A bug that hides behind another one would be no further step.
      if (!parts.every((part) => ownFailures(part, parts).some((id) => failing.has(id)))) continue;
      if (await this.#accept(found, parts)) accepted += 1;
    }
  }

  /** Those that are kept, in the order in which they were given, a few judged at a time. */
  async *#judged(bugs: Iterable<Bug>): AsyncGenerator<Kept> {
    const { parallel, signal } = this.#parts.options;
    const running: Promise<{ bug: Bug; verdict: Verdict | null }>[] = [];
    const start = (bug: Bug) => {
      const judging = this.#judge(bug).then((verdict) => ({ bug, verdict }));
      // What nobody waits for any more must not end the process.
      judging.catch(() => undefined);
      running.push(judging);
    };
    try {
      for (const bug of bugs) {
        start(bug);
        if (running.length < parallel) continue;
        const { bug: judged, verdict } = await running.shift()!;
        if (verdict?.kept === true) yield { bug: judged, verdict };
      }
      while (running.length > 0) {
        const { bug, verdict } = await running.shift()!;
        if (verdict?.kept === true) yield { bug, verdict };
      }
    } finally {
      await Promise.allSettled(running);
      signal.throwIfAborted();
    }
  }

  /** null: there is no time left to find out. */
  async #judge(bug: Bug): Promise<Verdict | null> {
    const { journal, options } = this.#parts;
    const known = journal.verdict(bug.key);
    if (known === undefined && options.spent()) {
      this.complete = false;
      return null;
    }
    const verdict = known ?? (await this.#investigate(bug));
    if (known === undefined) await journal.add(bug.key, verdict);
    const what = verdict.kept ? "kept" : verdict.why;
    this.verdicts[what] = (this.verdicts[what] ?? 0) + 1;
    this.#tried += 1;
    options.onProgress(this.#made.length, this.#tried);
    return verdict;
  }

  async #investigate(bug: Bug): Promise<Verdict> {
    const { bench, tree, journal, texts, options } = this.#parts;
    const changes = changesOf(bug, texts);
    const judged = await judgeBug(bench, journal.released.stable, changes, options);
    if (!judged.kept) return judged;
    const tests = await this.#locate(judged);
    const hidden = await waysToHide(bench, tree, journal.released.stable, changes, tests, options);
    return hidden === null ? { kept: false, why: "its tests cannot be hidden" } : { ...judged, hidden };
  }

  #locate({ failing, failures }: Pick<KeptVerdict, "failing" | "failures">): Promise<LocatedTest[]> {
    const { bench, tree, options } = this.#parts;
    const lines = new Map(Object.entries<Failure>(failures).map(([id, { line }]) => [id, line]));
    return locateTests(bench, tree, innermostTests(failing), lines, options);
  }

  /** @returns false when no issue can be written about it. */
  async #accept({ bug, verdict }: Kept, parts: readonly Kept[]): Promise<boolean> {
    const { project, tree, repository, journal, texts, options } = this.#parts;
    const tests = await this.#locate(verdict);
    const symptoms = tests
      .map((test) => ({ test, failure: verdict.failures[test.id]! }))
      .filter((symptom) => !namesTests(symptom, verdict.failing));
    const groups = parts.map((part) => {
      const own = new Set(ownFailures(part, parts));
      return tellingFirst(symptoms.filter(({ test }) => own.has(test.id)));
    });
    if (groups.some((group: readonly Symptom[]) => group.length === 0)) return false;
    const id = `${project.repo.replace("/", "__")}-${bug.key}`;
    const changes = changesOf(bug, texts);
    const hidden = await hideTests(tree, tests, verdict.hidden);
    const commit = await repository.commit(id, new Map([...changes, ...hidden]));
    const failing = new Set(verdict.failing);
    this.#made.push({
      instance_id: id,
      repo: project.repo,
      base_commit: commit,
      problem_statement: writeStatement(project, groups, options.random.fork(id)),
      patch: await repository.repair(commit, [...changes.keys()]),
      test_patch: await repository.repair(commit, [...hidden.keys()]),
      FAIL_TO_PASS: verdict.failing,
      PASS_TO_PASS: journal.released.stable.filter((test) => !failing.has(test)),
      version: project.archive.version,
      horizon: parts.length,
      environment: environmentOf(project, `repositories/${project.name}.git`, tree.testFiles),
    });
    return true;
  }
}

/** A test that holds a failing one fails with it, and says nothing of its own. */
function innermostTests(ids: readonly string[]): string[] {
  return ids.filter((id) => !ids.some((other) => other.startsWith(`${id} > `)));
}

/** Tests that fail of this bug and of no other of them. */
function ownFailures(part: Kept, parts: readonly Kept[]): string[] {
  const others = new Set(parts.filter((other) => other !== part).flatMap(({ verdict }) => verdict.failing));
  return part.verdict.failing.filter((id) => !others.has(id));
}

/**
 * The first so many that lie in different files, or where there are too few files in different functions, each with a
 * failing test of its own. null: there are none.
 */
function independent(kept: readonly Kept[], count: number): Kept[] | null {
  for (const place of [({ path }: Site) => path, (site: Site) => `${site.path} ${site.function}`]) {
    const chosen: Kept[] = [];
    for (const candidate of kept) {
      const places = new Set(chosen.map(({ bug }) => place(bug.sites[0]!)));
      if (places.has(place(candidate.bug.sites[0]!))) continue;
      const together = [...chosen, candidate];
      if (!together.every((part) => ownFailures(part, together).length > 0)) continue;
      chosen.push(candidate);
      if (chosen.length === count) return chosen;
    }
  }
  return null;
}
