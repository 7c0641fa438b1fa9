import { readFileSync } from "node:fs";

/** A file's text; undefined where it cannot be read. */
export function optionalText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
