/** Text for worlds: logs, tables, word lists and small trees, each drawn from a seed and a few demands. */
import type { Random } from "../../../core/random.ts";
import { colours, extensions, levels, lexicon, nouns, services, users } from "./lexicon.ts";
import type { Kind, Scene } from "./scene.ts";

/** Old files carry this date (2020-03-01) and shift by whole days, well past any age that a task asks about. */
const oldSeconds = 1_583_020_800;

export function linesOf(text: string): string[] {
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

export function textOfLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

/** Order of bytes, as `sort` has in the C locale; every text here is ASCII. */
export function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Some items, with `must` among them. */
function someWith(random: Random, items: readonly string[], count: number, must: string | null): string[] {
  const rest = random.shuffle(items.filter((item) => item !== must)).slice(0, count);
  return must !== null && items.includes(must) ? [...rest.slice(1), must] : rest;
}

/** Distinct integers in [1, bound], in random order. */
function distinct(random: Random, count: number, bound: number): number[] {
  const seen = new Set<number>();
  while (seen.size < count) seen.add(1 + random.integer(bound));
  return [...seen];
}

/** 16 to 30 log lines "level user service number", numbers distinct; `must`, a level, user or service, is in several. */
export function logText(random: Random, must: string | null = null): string {
  const count = 16 + random.integer(15);
  const [level, user, service] = [levels, users, services].map((items) => someWith(random, items, 4, must));
  return textOfLines(
    distinct(random, count, 200).map((number) =>
      [random.pick(level!), random.pick(user!), random.pick(service!), number].join(" "),
    ),
  );
}

/** 12 to 24 rows "user,service,number,number". */
export function csvText(random: Random, must: string | null = null): string {
  const count = 12 + random.integer(13);
  const [user, service] = [users, services].map((items) => someWith(random, items, 5, must));
  const first = distinct(random, count, 200);
  return textOfLines(
    first.map((number) => [random.pick(user!), random.pick(service!), number, 1 + random.integer(90)].join(",")),
  );
}

/** 14 to 26 lines of one word; some words come several times, in no order. */
export function wordsText(random: Random, must: string | null = null): string {
  const few = someWith(random, random.shuffle([...nouns]).slice(0, 9), 9, null);
  if (must !== null) few[0] = must;
  const lines = [...few, few[0]!];
  const count = 14 + random.integer(13);
  while (lines.length < count) lines.push(few[Math.floor(few.length * random.next() ** 2)]!);
  return textOfLines(random.shuffle(lines));
}

export function ownText(kind: Kind, random: Random, must: string | null = null): string {
  return kind === "log" ? logText(random, must) : kind === "csv" ? csvText(random, must) : wordsText(random, must);
}

const known: ReadonlySet<string> = new Set(lexicon);

/** Words of the lexicon in a text, as often as they come; others (checksums) must not enter an instruction. */
export function knownWords(text: string): string[] {
  return (text.match(/[a-z]+/g) ?? []).filter((found) => known.has(found));
}

/** A word that a file of this kind can be asked about: from the text where there is one, else from the lexicon. */
export function pickWord(random: Random, kind: Kind, text: string | null): string {
  if (text !== null) {
    const found = knownWords(text);
    return found.length === 0 ? random.pick(nouns) : random.pick(found);
  }
  return random.pick(
    kind === "log" ? [...levels, ...users, ...services] : kind === "csv" ? [...users, ...services] : nouns,
  );
}

export interface TreeDemands {
  /** Several files, not all, carry this extension. */
  readonly extension: string;
  /** Several files, of both the extension and others, are larger than this many KiB; the rest are small. */
  readonly largeKib?: number;
  /** Several files of the extension and others were last changed in 2020, the rest now. */
  readonly aged?: boolean;
  /** A word that several files, not all, hold; twice in some line of each. */
  readonly must?: string;
}

/** Put 7 to 9 small text files with distinct names below `directory`, in it and in two directories of it. */
export function giveTree(scene: Scene, random: Random, directory: string, demands: TreeDemands): void {
  const places = [
    directory,
    ...random
      .shuffle(nouns)
      .slice(0, 2)
      .map((name) => `${directory}/${name}`),
  ];
  const names = random.shuffle(nouns).slice(0, 7 + random.integer(3));
  const otherExtensions = random.shuffle(extensions.filter((extension) => extension !== demands.extension)).slice(0, 2);
  names.forEach((name, i) => {
    // The first four have the extension; even ones are the large, old or matching ones, so that every pair occurs.
    const extension = i < 4 ? demands.extension : random.pick(otherExtensions);
    const marked = i % 2 === 0;
    const lines = Array.from({ length: 3 + random.integer(4) }, () => `${random.pick(colours)} ${random.pick(nouns)}`);
    if (demands.must !== undefined) {
      for (const [at, line] of lines.entries())
        lines[at] = line.replaceAll(demands.must, demands.must === colours[0] ? colours[1]! : colours[0]!);
      if (marked) lines[random.integer(lines.length)] = `${demands.must} ${random.pick(services)} ${demands.must}`;
    }
    if (marked && demands.largeKib !== undefined)
      for (let bytes = 0; bytes < (demands.largeKib + 1) * 1024; bytes += lines.at(-1)!.length + 1)
        lines.push(`${random.pick(colours)} ${random.pick(nouns)} ${random.pick(users)} ${random.pick(services)}`);
    scene.give(`${places[i % 3]!}/${name}.${extension}`, {
      text: textOfLines(lines),
      ...(marked && demands.aged ? { mtimeSeconds: oldSeconds + 86_400 * random.integer(300) } : {}),
    });
  });
}
