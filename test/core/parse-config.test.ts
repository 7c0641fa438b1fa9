import { expect, test } from "vitest";
import { z } from "zod";
import { parseUserConfig } from "../../src/core/parse-config.ts";

const schema = z.strictObject({
  seed: z.int().default(0),
  loop: z.strictObject({ updates: z.int().default(1), attempts: z.int().default(2) }).prefault({}),
});
const failure = (input: unknown): string => {
  try {
    parseUserConfig(schema, input, "training config");
    return "";
  } catch (error) {
    expect(error).toMatchObject({ code: "ERR_CONFIG", boundary: "config" });
    return (error as Error).message;
  }
};

test("what is left out gets its default", () => {
  expect(parseUserConfig(schema, { loop: { updates: 5 } }, "config")).toEqual({
    seed: 0,
    loop: { updates: 5, attempts: 2 },
  });
});

test("an unknown key is answered with the one that was meant, or with those there are", () => {
  expect(failure({ loop: { updats: 3 } })).toBe(
    'training config: unknown key "loop.updats"; did you mean "loop.updates"?',
  );
  expect(failure({ zzzzzz: 1 })).toBe('training config: unknown key "zzzzzz" (known: seed, loop)');
});

test("a wrong value is named by its path, and every problem is said in one line", () => {
  const message = failure({ seed: 1.5, loop: { updates: "many" } });
  expect(message).toMatch(/^training config: seed: [^\n]*; loop\.updates: [^\n]*$/);
});
