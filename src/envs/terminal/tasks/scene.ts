/**
 * The world as a task's stages expect it to become: what is there at first, and what each stage claims of the end.
 *
 * Stages apply their effect here, in TypeScript, from their parameters alone. That simulation is the check's source of
 * truth; the oracle's commands are never consulted.
 */
import type { Claim, Condition } from "./claims.ts";
import type { World } from "./contract.ts";
import type { FileSpec } from "../../../core/sandbox.ts";

/** What a product is, so that a later stage knows whether it can use it. */
export type Kind =
  /** Lines of four words: level user service number. */
  | "log"
  /** Comma-separated: user,service,number,number. */
  | "csv"
  /** One word on each line. */
  | "words"
  /** Lines without fields: paths, commit subjects, concatenations. */
  | "lines"
  /** One line with a value. */
  | "number"
  /** A directory of text files. */
  | "tree"
  | "archive"
  | "gzip";

export interface Product {
  /** Relative to home. */
  readonly path: string;
  readonly kind: Kind;
}

interface Expected {
  readonly text: string;
  readonly mode: number;
}

export interface InitialFile {
  readonly text?: string;
  readonly bytes?: Uint8Array;
  readonly mode?: number;
  readonly mtimeSeconds?: number;
}

export class Scene {
  readonly #initial: Map<string, FileSpec>;
  readonly #expected: Map<string, Expected>;
  /** What packed files unpack to: members of an archive, or the text of a gzip file. */
  readonly #packed: Map<string, string | Readonly<Record<string, string>>>;
  /** Targets of the links that stages made; a later stage may read through them. */
  readonly #links: Map<string, string>;
  readonly #used: Set<string>;
  /** claims[i] are those of stage i. */
  #claims: Claim[][];
  readonly #setup: string[];

  /** @param from copied, so that a stage can be tried and thrown away. */
  constructor(from: Scene | null = null) {
    this.#initial = new Map(from ? from.#initial : []);
    this.#expected = new Map(from ? from.#expected : []);
    this.#packed = new Map(from ? from.#packed : []);
    this.#links = new Map(from ? from.#links : []);
    this.#used = new Set(from ? from.#used : []);
    this.#claims = from ? from.#claims.map((claims) => [...claims]) : [];
    this.#setup = from ? [...from.#setup] : [];
  }

  beginStage(): void {
    this.#claims.push([]);
  }

  get claims(): readonly (readonly Claim[])[] {
    return this.#claims;
  }

  get world(): World {
    return {
      files: [...this.#initial.values()],
      ...(this.#setup.length > 0 ? { setup: this.#setup.join("\n") } : {}),
    };
  }

  /** Words that name something in this world already. */
  isUsed(name: string): boolean {
    return this.#used.has(name);
  }

  use(...names: readonly string[]): void {
    for (const name of names) this.#used.add(name);
  }

  /** Put a file into the world before the agent starts. */
  give(path: string, file: InitialFile): void {
    const { text, bytes, mode, mtimeSeconds } = file;
    this.#initial.set(path, {
      path,
      content: bytes ?? text ?? "",
      ...(mode === undefined ? {} : { mode }),
      ...(mtimeSeconds === undefined ? {} : { mtimeSeconds }),
    });
    if (text !== undefined) this.#expected.set(path, { text, mode: mode ?? 0o644 });
  }

  giveDirectory(path: string): void {
    this.#initial.set(path, { path, type: "directory" });
  }

  giveLink(path: string, target: string): void {
    this.#initial.set(path, { path, type: "symlink", content: target });
  }

  /** Bash lines that run in home before the agent starts; a daemon they leave must have detached itself. */
  prepare(script: string): void {
    this.#setup.push(script);
  }

  /** @throws Error when nothing is expected there: a stage asked for an input that no earlier stage made. */
  text(path: string): string {
    const file = this.#expected.get(this.#resolve(path));
    if (!file) throw new Error(`no text is expected at ${path}`);
    return file.text;
  }

  mode(path: string): number {
    return this.#expected.get(this.#resolve(path))?.mode ?? 0o644;
  }

  size(path: string): number {
    const content = this.#initial.get(path)?.content ?? "";
    return this.#expected.get(path)?.text.length ?? content.length;
  }

  /** Modification time given at the start; null for a file that is new. */
  mtimeSeconds(path: string): number | null {
    return this.#initial.get(path)?.mtimeSeconds ?? null;
  }

  /** Texts expected now below a directory, by path, sorted. */
  below(directory: string): [string, string][] {
    const prefix = `${directory}/`;
    return [...this.#expected]
      .filter(([path]) => path.startsWith(prefix))
      .map(([path, { text }]): [string, string] => [path, text])
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  claim(...claim: readonly Condition[]): void {
    this.#claims.at(-1)!.push(claim);
  }

  /** The stage writes this text file. */
  write(path: string, text: string): void {
    this.#expected.set(path, { text, mode: 0o644 });
    this.claim({ is: "text", path, text });
  }

  /** A packed file of the world holds this. */
  holds(path: string, content: string | Readonly<Record<string, string>>): void {
    this.#packed.set(path, content);
  }

  members(path: string): Readonly<Record<string, string>> {
    const packed = this.#packed.get(path);
    if (packed === undefined || typeof packed === "string") throw new Error(`no archive is expected at ${path}`);
    return packed;
  }

  compressed(path: string): string {
    const packed = this.#packed.get(path);
    if (typeof packed !== "string") throw new Error(`no gzip file is expected at ${path}`);
    return packed;
  }

  /** The stage packs these files into an archive. */
  pack(path: string, members: Readonly<Record<string, string>>): void {
    this.holds(path, members);
    this.claim({ is: "archive", path, members });
  }

  compress(path: string, text: string): void {
    this.holds(path, text);
    this.claim({ is: "gzip", path, text });
  }

  /** The stage leaves this file as it is. */
  keep(path: string): void {
    const target = this.#links.get(path);
    if (target !== undefined) {
      this.claim({ is: "link", path, target });
      this.keep(target);
    } else this.claim({ is: "text", path, text: this.text(path) });
  }

  /** The stage makes a symbolic link. */
  link(path: string, target: string): void {
    this.#links.set(path, target);
    this.claim({ is: "link", path, target });
  }

  /** The stage moves a file; what earlier stages claimed of it may hold at either place. */
  move(from: string, to: string): void {
    const file = this.#expected.get(from)!;
    this.#expected.delete(from);
    this.#expected.set(to, file);
    this.#allow(from, (condition) => ({ ...condition, path: to }));
    this.claim({ is: "text", path: to, text: file.text });
    this.claim({ is: "absent", path: from });
  }

  /** The stage rewrites a file in place; earlier stages accept the old text and the new. */
  rewrite(path: string, text: string): void {
    this.#expected.set(path, { text, mode: this.mode(path) });
    this.#allow(path, (condition) => (condition.is === "text" ? { ...condition, text } : null));
    this.claim({ is: "text", path, text });
  }

  /** The stage sets permissions, of a link's target when it is told the link. */
  setMode(path: string, mode: number): void {
    const file = this.#resolve(path);
    this.#expected.set(file, { text: this.text(path), mode });
    this.keep(path);
    this.claim({ is: "mode", path: file, mode });
  }

  #resolve(path: string): string {
    const target = this.#links.get(path);
    return target === undefined ? path : this.#resolve(target);
  }

  /** Earlier claims on `path` get what `change` makes of their conditions as a further way to hold. */
  #allow(path: string, change: (condition: Exclude<Condition, { is: "process" }>) => Condition | null): void {
    this.#claims = this.#claims.map((claims, stage) =>
      stage === this.#claims.length - 1
        ? claims
        : claims.map((claim) => {
            const more = claim.flatMap((condition) =>
              condition.is === "process" || condition.is === "absent" || condition.path !== path
                ? []
                : (change(condition) ?? []),
            );
            return more.length === 0 ? claim : [...claim, ...more];
          }),
    );
  }
}
