/**
 * Finds a key that a JSON object has twice. `JSON.parse` keeps the last one silently, other readers the first: a file
 * that means two things is no file to trust.
 * @param json valid JSON.
 */
export function duplicateKey(json: string): string | null {
  /** Keys of every open object; null for an open array. */
  const open: (Set<string> | null)[] = [];
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/gs;
  for (const [text, colon] of json.matchAll(token)) {
    if (text === "{") open.push(new Set());
    else if (text === "[") open.push(null);
    else if (text === "}" || text === "]") open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(text.slice(0, -colon.length)) as string;
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return null;
}
