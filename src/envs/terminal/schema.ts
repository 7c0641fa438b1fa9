/** What an agent can do at the terminal, and what it sees. The descriptions become its tools' documentation. */
import { z } from "zod";
import { keyPattern } from "./keys.ts";
import { controlRange } from "./plain-text.ts";

/** Printable text, tabs and newlines. */
const typeable = new RegExp(`^[^${controlRange}]*$`);
const notTypeable = "must hold no control characters but tab and newline; use the keys action for others";

export const defaultTimeoutsMs = { run: 30_000, keys: 2_000, wait: 1_000 } as const;

const timeoutMs = (fallback: number, what: string) =>
  z.int().min(1).max(600_000).optional().describe(`${what}, milliseconds; default ${fallback}`);

const run = z
  .strictObject({
    type: z.literal("run"),
    command: z
      .string()
      .min(1)
      .max(65_536)
      .regex(typeable, notTypeable)
      .describe("Text to type at the prompt and enter; may have several lines"),
    timeoutMs: timeoutMs(defaultTimeoutsMs.run, "Longest time to wait for its end; it goes on running after it"),
  })
  .describe(
    "Type a command and wait until it ends or wants input. While a program waits for input, the text goes to it.",
  );

const keyPress = z.strictObject({
  key: z
    .string()
    .regex(keyPattern, 'is no key name; write for example "Enter", "Escape", "Up", "F1", "Ctrl-C" or "Alt-b"')
    .describe('One key: "Enter", "Tab", "Escape", "Backspace", "Up", "PageDown", "F1", "Ctrl-C", "Alt-b" …'),
});
const keyText = z.strictObject({
  text: z.string().min(1).max(4096).regex(typeable, notTypeable).describe("Text to type; without Enter"),
});

const keys = z
  .strictObject({
    type: z.literal("keys"),
    keys: z
      .array(z.union([keyPress, keyText]))
      .min(1)
      .max(64)
      .describe("Keys and text, in order"),
    timeoutMs: timeoutMs(defaultTimeoutsMs.keys, "Longest time to wait until the program wants input again"),
  })
  .describe("Press keys in whatever has the terminal: an editor, a pager, a prompt, a running command.");

const wait = z
  .strictObject({
    type: z.literal("wait"),
    ms: z.int().min(1).max(600_000).optional().describe(`Longest time to wait, milliseconds; default 1000`),
    pattern: z
      .string()
      .min(1)
      .max(256)
      .optional()
      .describe(
        "Plain text (no regular expression); the wait ends as soon as it newly shows on the screen or in the output",
      ),
  })
  .describe("Let time pass. Ends early when the running command ends or, without a pattern, wants input.");

const submit = z
  .strictObject({ type: z.literal("submit") })
  .describe("Say that the task is done. The episode ends and the world is checked as it is.");

export const actionSchema = z.discriminatedUnion("type", [run, keys, wait, submit]);
export type TerminalAction = z.infer<typeof actionSchema>;

/** Closed; what the terminal is doing when the observation is made. */
export const statuses = {
  idle: "the shell is at its prompt",
  running: "a program runs and does not wait for input",
  "waiting-for-input": "a program (or the shell's own `read`) waits for input",
  continuation: "the shell waits for the rest of an unfinished command (an open quote, a heredoc)",
  "shell-restarted": "the shell had ended; a new one is at its prompt, in the same world",
} as const;
export type TerminalStatus = keyof typeof statuses;

export const observationSchema = z.strictObject({
  screen: z.string().describe("The visible rows, trailing blanks trimmed"),
  output: z
    .string()
    .describe("Text that came since the last observation, without prompts, typed text and full-screen drawing"),
  exitCode: z
    .int()
    .nullable()
    .describe("Of the last command (or shell) that ended in this step; null: none or unknown"),
  cursor: z.strictObject({ row: z.int(), col: z.int() }).describe("Zero-based"),
  alternateScreen: z.boolean().describe("True in full-screen programs"),
  status: z.enum(Object.keys(statuses) as [TerminalStatus, ...TerminalStatus[]]).describe(describeStatuses()),
  timedOut: z.boolean().describe("The action's time ran out before the program ended or wanted input"),
  cwd: z.string().nullable().describe("The shell's directory at its last prompt; null when unknown"),
});
export type TerminalObservation = z.infer<typeof observationSchema>;

function describeStatuses(): string {
  return Object.entries(statuses)
    .map(([status, meaning]) => `${status}: ${meaning}`)
    .join("; ");
}
