/**
 * What a generated task and the environment that plays it tell each other.
 *
 * A task describes the world it needs (`World`); the environment builds it, and later hands back what it looks like
 * (`WorldState`, plain JSON). Checks are pure functions of the task and that state: they never run a command, and what
 * the terminal printed is not part of the state.
 */
import type { FileSpec, ProcessInfo, TreeEntry } from "../../../core/sandbox.ts";

/** The world before the agent's first turn. Paths are relative to home. */
export interface World {
  readonly files: readonly FileSpec[];
  /** Bash script, run in home after the files are there and before the agent starts (git history, daemons). */
  readonly setup?: string;
}

export interface StateFile {
  /** Relative to home, "/" separated. */
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "other";
  /** Permission bits. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  readonly mtimeSeconds: number;
  /** Content of a regular file, or a symlink's target; null when it is binary (no UTF-8), too large or unreadable. */
  readonly text: string | null;
  /** The bytes of a small regular file whose text is null; archives are checked by it. */
  readonly base64?: string | null;
}

export interface StateProcess {
  readonly pid: number;
  readonly argv: readonly string[];
  /** One of the kernel's letters: R S D T Z … */
  readonly state: string;
}

/** The world as it is now: everything below home (`.git` is listed, not entered) and every process of the sandbox. */
export interface WorldState {
  readonly files: readonly StateFile[];
  readonly processes: readonly StateProcess[];
}

/** Largest binary file that is kept, bytes. */
const maxBinaryBytes = 64 * 1024;

/** A sandbox's tree (of home, `.git` skipped) and processes as the state that checks read. */
export function worldStateOf(tree: readonly TreeEntry[], processes: readonly ProcessInfo[]): WorldState {
  return {
    files: tree.map(({ content, ...file }) => {
      const text = content && textOf(content);
      const binary = content !== null && text === null && content.length <= maxBinaryBytes;
      return { ...file, text, ...(binary ? { base64: Buffer.from(content).toString("base64") } : {}) };
    }),
    processes: processes.map(({ pid, argv, state }) => ({ pid, argv, state })),
  };
}

function textOf(content: Uint8Array): string | null {
  if (content.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return null;
  }
}
