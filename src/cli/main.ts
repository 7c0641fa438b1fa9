#!/usr/bin/env node
/** `afterstate <command>`: one file a command, in commands/. This file only joins them to the process. */
import { runCli } from "./run.ts";

// Standard output carries the document and nothing else, whatever a user's module prints.
const document = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
// Whoever reads us may leave first (`| head`).
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: { write: (text) => document(text) },
  stderr: process.stderr,
  onInterrupt(listener) {
    process.on("SIGINT", listener);
    process.on("SIGTERM", listener);
  },
});
// Whatever a library left open (a keep-alive socket, a timer) must not hold the command line.
process.exit();
