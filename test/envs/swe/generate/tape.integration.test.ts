/** The stand-in for tape, run by the real `node --test`. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { tapePackage } from "../../../../src/envs/swe/generate/programs/tape.ts";

let place = "";
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), "afterstate-test-"));
  mkdirSync(join(place, "node_modules", "tape"), { recursive: true });
  writeFileSync(join(place, "package.json"), "{}");
  for (const [name, content] of Object.entries(tapePackage))
    writeFileSync(join(place, "node_modules", "tape", name), content);
});
afterAll(() => rmSync(place, { recursive: true }));

/** Names of tests and whether each passed, innermost first, as TAP has them. */
function run(body: string): string[] {
  writeFileSync(join(place, "a.test.js"), `const test = require("tape");\n${body}`);
  const { stdout } = spawnSync("node", ["--test", "--test-reporter=tap", "a.test.js"], {
    cwd: place,
    encoding: "utf8",
  });
  return [...stdout.matchAll(/^ *((?:not )?ok) \d+ - (.*)$/gm)]
    .map(([, result, name]) => `${result}: ${name}`)
    .filter((line) => !line.includes("a.test.js"));
}

describe("a suite written for tape", () => {
  test("ends by plan, by end, or by a promise", () => {
    expect(
      run(`
        test("plan", (t) => { t.plan(2); t.ok(1); setTimeout(() => t.equal(1, 1), 5); });
        test("end", (t) => { t.same({ a: [1] }, { a: [1] }); t.end(); });
        test("promise", async (t) => { t.throws(() => { throw new TypeError("x") }, TypeError); });`),
    ).toEqual(["ok: plan", "ok: end", "ok: promise"]);
  });

  test("fails by each assertion that does not hold, by one that is missing, and by one too many", () => {
    const failing = [
      "t.ok(0)",
      "t.notOk(1)",
      "t.equal(1, '1')",
      "t.notEqual(1, 1)",
      "t.deepEqual({ a: 1 }, { a: '1' })",
      "t.fail()",
      "t.throws(() => {})",
      "t.throws(() => { throw new TypeError() }, RangeError)",
      "t.match('a', /b/)",
      "t.end(new Error())",
    ];
    for (const assertion of failing)
      expect(run(`test("x", (t) => { ${assertion}; t.end(); });`), assertion).toEqual(["not ok: x"]);
    expect(run('test("x", (t) => { t.plan(1); t.pass(); t.pass(); });')).toEqual(["not ok: x"]);
  });

  test("has tests in tests, one after the other", () => {
    expect(
      run(`
        const order = [];
        test("outer", (t) => {
          t.test("one", (st) => { setTimeout(() => { order.push(1); st.end(); }, 20); });
          t.test("two", (st) => { order.push(2); st.same(order, [1, 2]); st.end(); });
          t.test("bad", (st) => { st.fail("no"); });
          t.end();
        });`),
    ).toEqual(["ok: one", "ok: two", "not ok: bad", "not ok: outer"]);
  });

  test("does not count prototypes in deep equality, as tape does not", () => {
    expect(
      run('test("x", (t) => { t.same(Object.assign(Object.create(null), { a: 1 }), { a: 1 }); t.end(); });'),
    ).toEqual(["ok: x"]);
  });

  test("skips what is to be skipped", () => {
    expect(run('test.skip("x", (t) => t.fail()); test("y", { skip: true }, (t) => t.fail());')).toEqual([
      expect.stringContaining("ok: x # SKIP"),
      expect.stringContaining("ok: y # SKIP"),
    ]);
  });
});
