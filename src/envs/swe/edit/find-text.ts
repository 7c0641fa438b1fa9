/** Where a text stands in a file, and, where it does not, what to say so that the next try succeeds. */

export type Found =
  | { readonly status: "once"; readonly start: number; readonly end: number; readonly crlf: boolean }
  | { readonly status: "several"; readonly lines: readonly number[]; readonly count: number }
  | { readonly status: "none"; readonly hint: string };

const maxNamedLines = 20;
/** Lines of a file that a near match is looked for in. */
const maxSearchedLines = 50_000;

/** In a file with CRLF line ends a text with plain ones is found too, and `crlf` says so. */
export function findText(content: string, wanted: string): Found {
  const exact = occurrences(content, wanted);
  const crlf = exact.length === 0 && content.includes("\r\n") && !wanted.includes("\r");
  const sought = crlf ? wanted.replaceAll("\n", "\r\n") : wanted;
  const starts = crlf ? occurrences(content, sought) : exact;
  if (starts.length === 1) return { status: "once", start: starts[0]!, end: starts[0]! + sought.length, crlf };
  if (starts.length === 0) return { status: "none", hint: nearestLines(content, wanted) };
  const lines = starts.slice(0, maxNamedLines).map((start) => lineAt(content, start));
  return { status: "several", lines, count: starts.length };
}

export function lineAt(content: string, offset: number): number {
  let line = 1;
  for (let at = content.indexOf("\n"); at !== -1 && at < offset; at = content.indexOf("\n", at + 1)) line += 1;
  return line;
}

/** With their numbers, as `cat -n` has them. @param first the number of the first line. */
export function numbered(lines: readonly string[], first: number): string {
  const width = String(first + lines.length - 1).length;
  return lines.map((line, i) => `${String(first + i).padStart(width)}\t${line}`).join("\n");
}

function occurrences(content: string, wanted: string): number[] {
  const starts: number[] = [];
  if (wanted === "") return starts;
  for (let at = content.indexOf(wanted); at !== -1; at = content.indexOf(wanted, at + 1)) starts.push(at);
  return starts;
}

function nearestLines(content: string, wanted: string): string {
  const lines = content.split("\n").slice(0, maxSearchedLines);
  const sought = wanted.replace(/\n$/, "").split("\n");
  const bare = (line: string) => line.trim().replaceAll(/\s+/g, " ");
  const target = sought.map(bare);
  let best = { at: 0, score: 0 };
  for (let at = 0; at < lines.length; at++) {
    let score = 0;
    for (let i = 0; i < target.length && at + i < lines.length; i++) {
      const line = bare(lines[at + i]!);
      if (line === target[i]) score += line === "" ? 0.1 : 1;
      else if (i === 0 || i < 8) score += likeness(line, target[i]!) * 0.9;
    }
    if (score > best.score + 1e-9) best = { at, score };
  }
  if (best.score < 0.3 * Math.min(target.length, 8)) return "nothing in the file is like it; view the file first";
  const near = lines.slice(best.at, best.at + sought.length).map((line) => line.replace(/\r$/, ""));
  const blanks = near.length === target.length && near.every((line, i) => bare(line) === target[i]);
  const why = blanks ? "only blanks differ from" : "the nearest text is at";
  const last = best.at + near.length;
  return `${why} ${near.length === 1 ? "line" : "lines"} ${best.at + 1}${near.length === 1 ? "" : ` to ${last}`}:\n${numbered(near, best.at + 1)}`;
}

/** Share of the pairs of letters that two lines have in common, 0 to 1. */
function likeness(a: string, b: string): number {
  if (a.length < 2 || b.length < 2) return a === b && a !== "" ? 1 : 0;
  const pairs = new Map<string, number>();
  for (let i = 0; i + 1 < a.length; i++) pairs.set(a.slice(i, i + 2), (pairs.get(a.slice(i, i + 2)) ?? 0) + 1);
  let common = 0;
  for (let i = 0; i + 1 < b.length; i++) {
    const left = pairs.get(b.slice(i, i + 2)) ?? 0;
    if (left === 0) continue;
    pairs.set(b.slice(i, i + 2), left - 1);
    common += 1;
  }
  return (2 * common) / (a.length + b.length - 2);
}
