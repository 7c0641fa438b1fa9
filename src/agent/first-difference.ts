import type { JsonValue } from "../core/json.ts";

export interface Difference {
  /** JSON Pointer to the first place where the values part; "" is the whole value. */
  readonly path: string;
  /** Both sides as bounded JSON text; "(absent)" where there is nothing. */
  readonly was: string;
  readonly now: string;
}

const maxShownCharacters = 200;

/** The first difference of two JSON values, in key order; null when they are equal. Key order itself is no difference. */
export function firstDifference(was: JsonValue | undefined, now: JsonValue | undefined, path = ""): Difference | null {
  if (Object.is(was, now)) return null;
  if (typeof was === "string" && typeof now === "string") return stringDifference(was, now, path);
  if (!isContainer(was) || !isContainer(now) || Array.isArray(was) !== Array.isArray(now))
    return { path, was: show(was), now: show(now) };
  const before = was as Readonly<Record<string, JsonValue>>;
  const after = now as Readonly<Record<string, JsonValue>>;
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const inner = firstDifference(
      before[key],
      after[key],
      `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`,
    );
    if (inner) return inner;
  }
  return null;
}

/** Long texts are shown from shortly before the point where they part. */
function stringDifference(was: string, now: string, path: string): Difference {
  let at = 0;
  while (at < was.length && was[at] === now[at]) at++;
  const from = Math.max(0, at - 40);
  return { path, was: show(was.slice(from)), now: show(now.slice(from)) };
}

function isContainer(value: JsonValue | undefined): value is JsonValue[] | { [key: string]: JsonValue } {
  return typeof value === "object" && value !== null;
}

function show(value: JsonValue | undefined): string {
  if (value === undefined) return "(absent)";
  const text = JSON.stringify(typeof value === "string" ? value.slice(0, maxShownCharacters + 1) : value);
  return text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}…` : text;
}
