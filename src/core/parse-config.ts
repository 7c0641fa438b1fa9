/** Parsing of what a user wrote: one line that names every wrong key, and the key that was probably meant. */
import { z } from "zod";
import { ConfigError } from "./errors.ts";
import { nearest } from "./nearest.ts";

/**
 * @param what what was parsed, for the message: "training config".
 * @throws ConfigError ERR_CONFIG, in one line.
 */
export function parseUserConfig<S extends z.ZodType>(schema: S, input: unknown, what: string): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, schema));
  throw new ConfigError(`${what}: ${problems.join("; ")}`.replaceAll(/\s*\n\s*/g, " "), { code: "ERR_CONFIG" });
}

function problemsOf(issue: z.core.$ZodIssue, schema: z.ZodType): string[] {
  const path = issue.path.map(String);
  if (issue.code !== "unrecognized_keys") return [`${path.join(".") || "the whole"}: ${issue.message}`];
  const known = knownKeys(schema, path);
  return issue.keys.map((key) => {
    const near = nearest(key, known);
    const meant = near === null ? ` (known: ${known.join(", ")})` : `; did you mean "${[...path, near].join(".")}"?`;
    return `unknown key "${[...path, key].join(".")}"${meant}`;
  });
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, ObjectSchema>>;
}

function knownKeys(schema: z.ZodType, path: readonly string[]): string[] {
  let node: ObjectSchema | undefined = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as ObjectSchema;
  for (const key of path) node = node?.properties?.[key];
  return Object.keys(node?.properties ?? {});
}
