#!/usr/bin/env node
/** `afterstate <command>`: one file a command, in commands/. This file only joins them to the process. */
import { runCli } from "./run.ts";

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  onInterrupt(listener) {
    process.on("SIGINT", listener);
    process.on("SIGTERM", listener);
  },
});
// Whatever a library left open (a keep-alive socket, a timer) must not hold the command line.
process.exit();
