/**
 * Conditions on a world's state, and their evaluation. Plain data and pure functions; no command is ever run.
 *
 * A claim holds when any of its conditions holds: a product that a later stage moved or rewrote as asked is accepted
 * where and as either stage leaves it.
 */
import { readArchive, readGzip } from "./archive.ts";
import type { StateFile, WorldState } from "./contract.ts";

export type Condition =
  /** A regular file with this text, up to trailing whitespace. */
  | { readonly is: "text"; readonly path: string; readonly text: string }
  | { readonly is: "absent"; readonly path: string }
  | { readonly is: "mode"; readonly path: string; readonly mode: number }
  /** A symlink whose target, resolved from where it lies, is `target` (relative to home). */
  | { readonly is: "link"; readonly path: string; readonly target: string }
  /** A gzipped tar archive whose regular files are exactly these. */
  | { readonly is: "archive"; readonly path: string; readonly members: Readonly<Record<string, string>> }
  | { readonly is: "gzip"; readonly path: string; readonly text: string }
  /** A text file that holds one string and not the other. */
  | { readonly is: "script"; readonly path: string; readonly has: string; readonly lacks: string | null }
  /** Whether a process of this program name lives; a stopped (T) process lives, a zombie does not. */
  | { readonly is: "process"; readonly program: string; readonly lives: boolean };

export type Claim = readonly Condition[];

/** A state, indexed once for many claims. */
export class StateIndex {
  readonly #files: ReadonlyMap<string, StateFile>;
  readonly #programs: ReadonlyMap<string, string>;

  constructor(state: WorldState) {
    this.#files = new Map(state.files.map((file) => [file.path, file]));
    const programs = new Map<string, string>();
    for (const { argv, state: letter } of state.processes) {
      const program = argv[0]?.split("/").at(-1);
      if (program && letter !== "Z" && letter !== "X") programs.set(program, letter);
    }
    this.#programs = programs;
  }

  holds(claim: Claim): boolean {
    return claim.some((condition) => this.#check(condition));
  }

  #check(condition: Condition): boolean {
    if (condition.is === "process") {
      const letter = this.#programs.get(condition.program);
      // A program that must live has to run, not to sit stopped.
      return condition.lives ? letter !== undefined && letter !== "T" : letter === undefined;
    }
    const file = this.#files.get(condition.path);
    if (condition.is === "absent") return file === undefined;
    if (file === undefined) return false;
    switch (condition.is) {
      case "text":
        return isText(file) && sameText(file.text, condition.text);
      case "mode":
        return file.type === "file" && (file.mode & 0o7777) === condition.mode;
      case "link":
        return file.type === "symlink" && file.text !== null && pointsTo(condition.path, file.text, condition.target);
      case "script":
        return (
          isText(file) &&
          file.text.includes(condition.has) &&
          (condition.lacks === null || !file.text.includes(condition.lacks))
        );
      case "gzip": {
        const bytes = bytesOf(file);
        const text = bytes && readGzip(bytes);
        return text != null && sameText(new TextDecoder().decode(text), condition.text);
      }
      case "archive": {
        const bytes = bytesOf(file);
        const members = bytes && readArchive(bytes);
        return members != null && sameMembers(members, condition.members);
      }
    }
  }
}

function isText(file: StateFile): file is StateFile & { readonly text: string } {
  return file.type === "file" && file.text !== null;
}

/** Answers are exact up to trailing whitespace. */
export function sameText(a: string, b: string): boolean {
  return a === b || a.trimEnd() === b.trimEnd();
}

function bytesOf(file: StateFile): Uint8Array | null {
  return file.type === "file" && file.base64 != null ? Buffer.from(file.base64, "base64") : null;
}

function sameMembers(found: ReadonlyMap<string, string>, wanted: Readonly<Record<string, string>>): boolean {
  const entries = Object.entries(wanted);
  return found.size === entries.length && entries.every(([path, text]) => found.get(path) === text);
}

function pointsTo(link: string, target: string, wanted: string): boolean {
  // Where home lies is not part of the state: an absolute target counts by its tail.
  if (target.startsWith("/")) return target.endsWith(`/${wanted}`);
  const parts = link.split("/").slice(0, -1);
  for (const part of target.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/") === wanted;
}
