/** Options that several commands share, and parsers whose messages say what to write instead. */
import { InvalidArgumentError, Option } from "commander";
import { sandboxKinds } from "../core/sandbox.ts";

export function parseCount(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError("write a whole number from 1");
  return value;
}

export function parseSeed(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError("write a whole number from 0");
  return value;
}

export const envOption = (): Option =>
  new Option("--env <env>", 'environment id, or a path to a module such as "./my-env.ts"');
export const seedOption = (): Option =>
  new Option("--seed <n>", "seed of tasks and draws (default: 0)").argParser(parseSeed);
export const sandboxOption = (): Option =>
  new Option("--sandbox <kind>", "where untrusted commands run (default: bubblewrap)").choices(sandboxKinds);
export const parallelOption = (): Option =>
  new Option("--parallel <n>", "environments open at once, a hard cap (default: 8)").argParser(parseCount);
export const horizonOption = (): Option =>
  new Option("--horizon <h>", "dependent steps that each task chains").argParser(parseCount);

export function parseTemperature(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 10)) throw new InvalidArgumentError("write a number from 0 to 10");
  return value;
}
