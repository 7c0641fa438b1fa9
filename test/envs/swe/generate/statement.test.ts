import { describe, expect, test } from "vitest";
import { createRandom } from "../../../../src/core/random.ts";
import { projects } from "../../../../src/envs/swe/generate/projects.ts";
import { namesTests, type Symptom, tellingFirst, writeStatement } from "../../../../src/envs/swe/generate/statement.ts";

const project = projects.find(({ name }) => name === "toolz")!;

function symptom(
  id: string,
  changes: { steps?: string[]; type?: string; message?: string; made?: true } = {},
): Symptom {
  const source = {
    edits: [],
    imports: ["from toolz import get"],
    helpers: [],
    steps: changes.steps ?? ["assert get(1, 'AB') == 'B'"],
    called: ["get"],
  };
  return {
    test: { id, path: "toolz/tests/test_a.py", source: changes.made ? null : source },
    failure: {
      type: changes.type ?? "AssertionError",
      message: changes.message ?? "AssertionError: assert 'A' == 'B'",
      line: 3,
      values: { text: "'AB'" },
    },
  };
}

const write = (groups: Symptom[][], seed = 0) => writeStatement(project, groups, createRandom(seed));

describe("an issue report", () => {
  test("says what was called, what was expected and what came", () => {
    const text = write([[symptom("toolz/tests/test_a.py::test_get")]]);
    expect(text).toContain("```python\nfrom toolz import get\n\nassert get(1, 'AB') == 'B'\n```");
    expect(text).toContain("assert 'A' == 'B'");
    expect(text.split("\n")[0]).toContain("`get`");
  });

  test("is the seed's alone, and others have other words", () => {
    const groups = [[symptom("a.py::test_get")]];
    const texts = [...Array(12).keys()].map((seed) => write(groups, seed));
    expect(write(groups, 3)).toBe(texts[3]);
    expect(new Set(texts).size).toBeGreaterThan(5);
  });

  test("names the error where one is raised, and says so where one is missing", () => {
    expect(write([[symptom("a.py::t", { type: "KeyError", message: "KeyError: 'x'" })]])).toMatch(/^.*KeyError/);
    const missing = write([
      [symptom("a.py::t", { type: "Failed", message: "Failed: DID NOT RAISE <class 'ValueError'>" })],
    ]);
    expect(missing).toMatch(/^.*(no longer raises|should reject)/);
    expect(missing).toContain("DID NOT RAISE <class 'ValueError'>");
  });

  test("of several bugs has a section for each", () => {
    const text = write([[symptom("a.py::t")], [symptom("a.py::u", { steps: ["assert get(2, []) == 1"] })]]);
    expect(text).toContain("## 1. ");
    expect(text).toContain("## 2. ");
    expect(text).toContain("assert get(2, []) == 1");
  });

  test("of a test that a program makes says what it was given", () => {
    expect(write([[symptom("a.py::t", { made: true })]])).toContain("text = 'AB'");
  });

  test("leaves out the name of a data set, of which the test's own is made", () => {
    const made = symptom("a.py::test_lists_007", { made: true });
    const values = { ...made.failure.values, name: "'lists_007'" };
    const text = write([[{ ...made, failure: { ...made.failure, values } }]]);
    expect(text).toContain("text = 'AB'");
    expect(text).not.toContain("lists_007");
  });

  test("never shows the same example twice", () => {
    for (let seed = 0; seed < 20; seed++)
      expect(write([[symptom("a.py::t"), symptom("a.py::u")]], seed).match(/assert get\(1/g)).toHaveLength(1);
  });

  test("leaves out what only a test runner says, and is bounded", () => {
    const message = `assert 1 == 2\n  Use -v to get more diff\n${"x\n".repeat(500)}`;
    const text = write([[symptom("a.py::t", { message })]]);
    expect(text).not.toContain("Use -v");
    expect(text.split("\n").length).toBeLessThan(60);
  });
});

test("what would name a test is known", () => {
  const ids = ["a.py::test_get_item[1]", "a.py::TestX::test_other"];
  expect(namesTests(symptom(ids[0]!), ids)).toBe(false);
  expect(namesTests(symptom(ids[0]!, { message: "<TestX testMethod=test_other>" }), ids)).toBe(true);
  expect(namesTests(symptom(ids[0]!, { steps: ["x = test_get_item(3)"] }), ids)).toBe(true);
});

test("the shortest example comes first, then one with hidden helpers, a made one last", () => {
  const long = symptom("a.py::a", { steps: Array(9).fill("x = 1") as string[] });
  const made = symptom("a.py::b", { made: true });
  const short = symptom("a.py::c");
  const unseen = symptom("a.py::d", { steps: ["self.check(get)"] });
  expect(tellingFirst([made, unseen, long, short])).toEqual([short, long, unseen, made]);
});
