/** Parses arguments, runs one command, and keeps the promises that all commands share: streams and exit codes. */
import { Command, CommanderError } from "commander";
import { AfterstateError, messageOf } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { nearest } from "../core/nearest.ts";
import { packageVersion } from "../core/version.ts";
import type { CliCommand, CliContext } from "./command.ts";
import { commands } from "./commands/index.ts";

export interface CliIo {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: CliContext["stderr"];
  onInterrupt(listener: () => void): void;
}

/** @returns the exit code: 0 success, 2 bad arguments, 1 anything else, 130 when a second Ctrl-C forced the end. */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const interrupt = new AbortController();
  io.onInterrupt(() => {
    if (interrupt.signal.aborted) process.exit(130);
    io.stderr.write("\nstopping; a second Ctrl-C stops at once\n");
    interrupt.abort(new Error("interrupted"));
  });

  let exitCode = 0;
  const program = new Command("afterstate")
    .description("A gym and an asynchronous RL loop for general agents.")
    .version(packageVersion())
    .showSuggestionAfterError(false)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: () => undefined })
    .addHelpText("after", "\nExample:\n  $ afterstate rollout --help\n  $ afterstate quickstart\n");
  for (const command of commands)
    program.addCommand(toCommander(command, io, interrupt.signal, (code) => (exitCode = code)));

  try {
    if (argv.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync([...argv], { from: "user" });
    return exitCode;
  } catch (error) {
    return report(error, argv, io, interrupt.signal);
  }
}

function toCommander(
  command: CliCommand,
  io: CliIo,
  signal: AbortSignal,
  setExitCode: (code: number) => void,
): Command {
  const result = new Command(command.name)
    .description(command.description)
    .option("--json", "print exactly one JSON document on stdout")
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: () => undefined })
    .addHelpText("after", `\nExample:\n${command.examples.map((example) => `  $ ${example}`).join("\n")}\n`);
  if (command.args) result.arguments(command.args);
  for (const option of command.options) result.addOption(option);
  return result.action(async () => {
    const { json = false, ...options } = result.opts<JsonObject>();
    const context: CliContext = { json: json === true, stderr: io.stderr, signal };
    const { document, text, exitCode = 0 } = await command.run(result.args, options, context);
    io.stdout.write(context.json ? `${JSON.stringify(document)}\n` : `${text}\n`);
    setExitCode(exitCode);
  });
}

function report(error: unknown, argv: readonly string[], io: CliIo, signal: AbortSignal): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    io.stderr.write(`${usageMessage(error, argv)}\n`);
    return 2;
  }
  if (signal.aborted && !(error instanceof AfterstateError)) {
    io.stderr.write("interrupted\n");
    return 1;
  }
  io.stderr.write(`afterstate: ${oneLine(messageOf(error))}\n`);
  if (process.env["AFTERSTATE_DEBUG"] && error instanceof Error) io.stderr.write(`${error.stack}\n`);
  // One that another process of ours found out counts too.
  return error instanceof AfterstateError && error.boundary === "config" ? 2 : 1;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s*\n\s*/g, " ");
}

function usageMessage(error: CommanderError, argv: readonly string[]): string {
  const text = error.message.replace(/^error: /, "");
  const names = commands.map(({ name }) => name);
  if (error.code === "commander.unknownCommand") {
    const near = nearest(argv[0] ?? "", names);
    return `afterstate: ${oneLine(text)}${near ? `; did you mean "${near}"?` : ""} (commands: ${names.join(", ")})`;
  }
  return `afterstate: ${oneLine(text)} (see: afterstate ${names.includes(argv[0] ?? "") ? `${argv[0]} ` : ""}--help)`;
}
