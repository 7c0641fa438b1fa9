/** Every file in examples/ does what it says: environments validate and are solved, scripts run and assert. */
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { Workplace } from "../cli/run-cli.ts";

const directory = fileURLToPath(new URL("../../examples/", import.meta.url));
const files = readdirSync(directory);
const environments = files.filter((name) => name.endsWith(".ts"));
const scripts = files.filter((name) => name.endsWith(".mjs"));

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

test("there is nothing else in examples/", () => {
  expect([...environments, ...scripts].toSorted()).toEqual(files.toSorted());
});

describe.each(environments)("the environment %s", (name) => {
  test("validates", async () => {
    const { code, stderr, json } = await place.run("validate", directory + name, "--tasks", "20", "--json");
    expect(json()).toMatchObject({ tasks: 20, goldPassed: 20, nopFailed: 20, failures: [] });
    expect(code, stderr).toBe(0);
  });

  test("is solved by its oracle, and never by doing nothing", async () => {
    for (const [policy, success] of [
      ["oracle", 1],
      ["nop", 0],
    ] as const) {
      const args = ["--env", directory + name, "--policy", policy, "--episodes", "8", "--out", `${name}-${policy}`];
      const { json } = await place.run("rollout", "--json", ...args);
      expect(json()).toMatchObject({ completed: 8, success, errors: {} });
    }
  });
});

test.each(scripts)("the script %s runs offline, and what it asserts holds", async (name) => {
  await promisify(execFile)(process.execPath, [directory + name], { cwd: place.path });
});
