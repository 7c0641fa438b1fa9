/** What a run was: enough to read its numbers later, and to run it again. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { arch, cpus, platform, release, totalmem } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { JsonObject, JsonValue } from "../core/json.ts";
import { packageVersion } from "../core/version.ts";

export interface ManifestInput {
  /** The run directory; its name becomes the run's name. */
  readonly runDir: string;
  /** As resolved, with every default written out; secrets only by the name of their environment variable. */
  readonly config: JsonObject;
  readonly seeds: JsonObject;
  /** As typed, for example ["rollout", "--env", "terminal/shell@1"]. */
  readonly command: readonly string[];
  /** Whose votes are the step reward; null: none. */
  readonly judgeId?: string | null;
  /** Where to look for a git commit; default: the working directory. */
  readonly projectDir?: string;
  /** Wall clock, ms. */
  readonly now: number;
}

export function buildManifest(input: ManifestInput): JsonObject {
  const [cpu] = cpus();
  return {
    format: "afterstate-run/1",
    run: basename(resolve(input.runDir)),
    started: new Date(input.now).toISOString(),
    command: [...input.command],
    judgeId: input.judgeId ?? null,
    config: input.config,
    seeds: input.seeds,
    hashes: { config: hashJson(input.config), seeds: hashJson(input.seeds) },
    versions: { afterstate: packageVersion(), node: process.version },
    commit: gitCommit(input.projectDir ?? process.cwd()),
    machine: {
      platform: platform(),
      release: release(),
      arch: arch(),
      cpu: cpu?.model ?? "unknown",
      cpus: cpus().length,
      memoryBytes: totalmem(),
    },
  };
}

/** "sha256:…" of a JSON value, the same whatever the order of its keys. */
export function hashJson(value: JsonValue): string {
  return `sha256:${createHash("sha256").update(canonical(value)).digest("hex")}`;
}

function canonical(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key]!)}`).join(",")}}`;
}

/** The commit that is checked out in or above `from`, read from git's own files (git itself may be missing); else null. */
export function gitCommit(from: string): string | null {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    const head = readText(join(directory, ".git", "HEAD"));
    if (head !== null) return resolveHead(join(directory, ".git"), head);
    const pointer = /^gitdir: (.+)$/.exec(readText(join(directory, ".git")) ?? "")?.[1];
    if (pointer !== undefined) {
      const gitDir = resolve(directory, pointer);
      return resolveHead(gitDir, readText(join(gitDir, "HEAD")) ?? "");
    }
    if (dirname(directory) === directory) return null;
  }
}

function resolveHead(gitDir: string, head: string): string | null {
  const name = /^ref: (.+)$/.exec(head)?.[1];
  if (name === undefined) return hashOrNull(head);
  // A linked worktree keeps its branches in the main repository.
  const common = resolve(gitDir, readText(join(gitDir, "commondir")) ?? ".");
  const loose = readText(join(common, name));
  if (loose !== null) return hashOrNull(loose);
  const packed = readText(join(common, "packed-refs"))?.split("\n");
  return hashOrNull(packed?.find((line) => line.endsWith(` ${name}`))?.slice(0, 40) ?? "");
}

function hashOrNull(text: string): string | null {
  return /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(text) ? text : null;
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return null;
  }
}
