import { type Statuses, worse } from "../statuses.ts";

const point = /^( *)(not )?ok \d+ - (.*?)( # (?:SKIP|TODO).*)?$/;
const opening = /^( *)# Subtest: (.*)$/;

/** TAP as `node --test` writes it; it does not name files, so an id is `suite > test`. Suites are no tests. */
export function parseTap(log: string): Statuses {
  const results: Statuses = new Map();
  const open: string[] = [];
  const lines = log.split("\n");
  for (const [i, line] of lines.entries()) {
    const subtest = opening.exec(line);
    if (subtest) {
      open.length = subtest[1]!.length / 4;
      open.push(subtest[2]!);
    }
    const found = point.exec(line);
    if (!found || isSuite(lines, i)) continue;
    const [, indent, not, title, directive = ""] = found;
    const id = [...open.slice(0, indent!.length / 4), title!].join(" > ");
    const skipped = directive.startsWith(" # SKIP") || (directive !== "" && not !== undefined);
    results.set(id, worse(results.get(id), skipped ? "skipped" : not === undefined ? "passed" : "failed"));
  }
  return results;
}

function isSuite(lines: readonly string[], at: number): boolean {
  for (let i = at + 1; i < lines.length && !lines[i]!.trimEnd().endsWith("..."); i++)
    if (lines[i]!.trim() === "type: 'suite'") return true;
  return false;
}
