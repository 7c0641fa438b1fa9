/** docs/training.md lists what the config really takes. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { z } from "zod";
import { parseTrainConfig, trainConfigSchema } from "../../src/rl/train/config.ts";

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
}

function keysOf(node: Node, path: readonly string[] = []): string[] {
  const entries = Object.entries(node.properties ?? {});
  return entries.length === 0 ? [path.join(".")] : entries.flatMap(([key, child]) => keysOf(child, [...path, key]));
}

const valueAt = (config: unknown, key: string): unknown =>
  key.split(".").reduce((node, part) => (node as Record<string, unknown> | undefined)?.[part], config);

const page = readFileSync(new URL("../../docs/training.md", import.meta.url), "utf8");
const rows = [...page.matchAll(/^\| `([\w.]+)` +\| (?:`([^`]*)`)? *\| \S.* \|$/gm)].filter(
  ([, key]) => !isControl(key!),
);

function isControl(key: string): boolean {
  return (trainConfigSchema.shape.control.unwrap().options as readonly string[]).includes(key);
}

test("docs/training.md lists every key of the training config, in order, and no other", () => {
  const keys = keysOf(z.toJSONSchema(trainConfigSchema, { io: "input" }) as Node);
  expect(rows.map(([, key]) => key)).toEqual(keys);
});

test("docs/training.md gives each key its default", () => {
  const defaults = parseTrainConfig({});
  for (const [, key, shown] of rows) {
    const value = valueAt(defaults, key!);
    expect(`${key}: ${shown}`).toBe(`${key}: ${value === undefined ? undefined : JSON.stringify(value)}`);
  }
});

test("docs/training.md describes every control", () => {
  for (const control of trainConfigSchema.shape.control.unwrap().options)
    expect(page).toMatch(new RegExp(`^\\| \`${control}\` +\\| \\S`, "m"));
});
