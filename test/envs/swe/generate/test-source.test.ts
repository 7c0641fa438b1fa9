import { describe, expect, test } from "vitest";
import { javascriptTest } from "../../../../src/envs/swe/generate/javascript-test.ts";
import { applyEdits } from "../../../../src/envs/swe/generate/mutate/site.ts";
import { pythonTests } from "../../../../src/envs/swe/generate/programs/python-syntax.ts";
import { partsOf, type TestSource } from "../../../../src/envs/swe/generate/test-source.ts";
import { askPython } from "./python.ts";

const python = `import os
import pytest
from ..words import slug, other
from pack.numbers import double

def twice(x):
    return double(x) * 2

@pytest.mark.parametrize("n", [1, 2])
def test_numbers(n):
    """Numbers."""
    x = twice(n)
    assert slug(x) == "4"
    assert x == 5

class TestWords:
    def words(self):
        return "a b"

    def test_only(self):
        assert slug(self.words()) == "a-b"

class TestOne:
    def test_only(self):
        pass

def test_last():
    pass
`;

function inPython(names: string[], line: number | null): TestSource | null {
  return (
    askPython(pythonTests, [{ path: "pack/tests/test_a.py", text: python, names, line }]) as (TestSource | null)[]
  )[0]!;
}

describe("a test in Python", () => {
  test("is told by its steps up to the one that failed, with what they need, and without its name", () => {
    expect(inPython(["test_numbers"], 13)).toMatchObject({
      imports: ["from pack.words import slug", "from pack.numbers import double"],
      helpers: ["def twice(x):", "    return double(x) * 2", ""],
      steps: ["x = twice(n)", 'assert slug(x) == "4"'],
      called: ["slug", "slug"],
    });
  });

  test("is taken out with its decorators, and nothing else is", () => {
    const { edits } = inPython(["test_numbers"], null)!;
    const text = applyEdits(python, edits);
    expect(text).not.toMatch(/test_numbers|parametrize|Numbers/);
    expect(text).toContain("def twice(x):\n    return double(x) * 2\n\n\nclass TestWords:");
  });

  test("of a class is told with what the class defines for it", () => {
    expect(inPython(["TestWords", "test_only"], 20)).toMatchObject({
      helpers: ["def words(self):", '    return "a b"', ""],
      steps: ['assert slug(self.words()) == "a-b"'],
    });
  });

  test("leaves a class that would be empty with pass", () => {
    expect(applyEdits(python, inPython(["TestOne", "test_only"], null)!.edits)).toContain(
      "class TestOne:\n    pass\n\n",
    );
  });

  test("that a program makes is not found", () => {
    expect(inPython(["TestOne", "test_made"], 1)).toBeNull();
  });
});

const javascript = `'use strict'
const test = require('tape')
const { parse } = require('../lib/parse')
const all = require('..')
const other = require('./other')

test('parse()', function (t) {
  t.test('pairs', function (st) {
    st.plan(2)
    const text = 'a=b'
    st.same(parse(text), { a: 'b' })
    st.ok(all)
  })
  t.test('none', (st) => st.end())
  t.end()
})
test('other', (t) => t.end())
`;
const inJavascript = (names: string[], line: number | null) =>
  javascriptTest({ path: "test/a.js", text: javascript, names, line });

describe("a test in JavaScript", () => {
  test("is told by its steps up to the one that failed, with what they need", () => {
    expect(inJavascript(["parse()", "pairs"], 11)).toMatchObject({
      imports: ["const { parse } = require('./lib/parse')"],
      steps: ["const text = 'a=b'", "st.same(parse(text), { a: 'b' })"],
      called: ["parse", "parse"],
    });
  });

  test("is taken out alone", () => {
    const text = applyEdits(javascript, inJavascript(["parse()", "pairs"], null)!.edits);
    expect(text).not.toContain("pairs");
    expect(text).toContain("function (t) {\n  t.test('none'");
  });

  test("that is not written out is not found", () => {
    expect(inJavascript(["parse()", "made"], null)).toBeNull();
  });
});

test("a test's id says its file and the names around it, whatever its parameters hold", () => {
  expect(partsOf("tests/test_a.py::TestB::test_c[x::y]")).toEqual({
    path: "tests/test_a.py",
    names: ["TestB", "test_c"],
  });
  expect(partsOf("test/a.js > parse() > pairs")).toEqual({ path: "test/a.js", names: ["parse()", "pairs"] });
});
