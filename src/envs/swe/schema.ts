/** What an agent can do in a repository, and what it sees. The descriptions become its tools' documentation. */
import { z } from "zod";

export const defaultCommandSeconds = 60;

const path = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[^\0]*$/, "must not hold a NUL")
  .describe("Absolute, or from the repository's root");
const text = (what: string) => z.string().max(1_000_000).optional().describe(what);

const bash = z
  .strictObject({
    type: z.literal("bash"),
    command: z.string().min(1).max(262_144).describe("Bash; several lines are fine"),
    timeoutSeconds: z
      .number()
      .min(0.1)
      .max(3600)
      .optional()
      .describe(`It is killed after this many seconds; default ${defaultCommandSeconds}`),
  })
  .describe(
    "Run a command in the shell of this episode: its directory, variables and functions are kept. It has no terminal and " +
      "no input. Long output is cut in the middle.",
  );

const edit = z
  .strictObject({
    type: z.literal("edit"),
    operation: z
      .enum(["view", "create", "replace", "insert"])
      .describe(
        "view: a file with line numbers, or a directory; create: write a whole file; replace: one exact text by another; " +
          "insert: text after a line",
      ),
    path,
    startLine: z.int().min(1).optional().describe("view: first line, from 1"),
    endLine: z.int().min(1).optional().describe("view: last line"),
    content: text("create: the file's content; insert: the text"),
    oldText: text("replace: exactly as in the file, blanks and line ends included; it must be there once"),
    newText: text("replace: what comes in its place"),
    afterLine: z.int().min(0).optional().describe("insert: the line it comes after; 0: before the first"),
  })
  .describe("View or change one file.");

const submit = z
  .strictObject({ type: z.literal("submit") })
  .describe("Say that the issue is solved. The episode ends, and the repository's changes are judged.");

export const actionSchema = z.discriminatedUnion("type", [bash, edit, submit]);
export type SweAction = z.infer<typeof actionSchema>;
export type EditAction = Extract<SweAction, { type: "edit" }>;

export const observationSchema = z.strictObject({
  output: z.string().describe("What the actions printed, in order; cut in the middle when it is long"),
  exitCode: z.int().nullable().describe("Of the last command; null: none ran, or it was killed"),
  timedOut: z.boolean().describe("The last command's time ran out, and it was killed with what it had started"),
  cwd: z.string().describe("The shell's directory"),
  notice: z.string().nullable().describe("What else the agent has to know, in words"),
  diff: z
    .string()
    .nullable()
    .describe("After submit: the changes that are judged; cut in the middle when they are long"),
});
export type SweObservation = z.infer<typeof observationSchema>;
