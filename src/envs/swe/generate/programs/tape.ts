/**
 * What stands for the `tape` package in node_modules/ of the prepared repositories: its interface over node:test, as far as
 * their suites use it, so that their tests are reported one by one like any other. The real one depends on a hundred packages
 * and reports assertions, not tests.
 */
export const tapePackage: Readonly<Record<string, string>> = {
  "package.json": `${JSON.stringify({ name: "tape", version: "5.0.0", main: "index.js", license: "MIT" }, null, 2)}\n`,
  "index.js": `"use strict";
const assert = require("node:assert");
const nodeTest = require("node:test");
const vm = require("node:vm");

// node:test says of a test in which file it was called; that is to be the test's file, not this one.
const call = vm.runInThisContext("(owner, ...args) => owner.test(...args)", { filename: process.argv[1] });

class Test {
  constructor(context) {
    this.context = context;
    this.children = [];
    this.teardowns = [];
    this.count = 0;
    this.planned = null;
    this.finished = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }
  check(body) {
    this.count += 1;
    try {
      body();
    } catch (error) {
      this.reject(error);
    }
    if (this.count === this.planned) setImmediate(this.resolve);
  }
  plan(count) { this.planned = count; }
  end(error) { error ? this.reject(error) : this.resolve(); }
  comment() {}
  timeoutAfter() {}
  teardown(body) { this.teardowns.push(body); }
  test(...args) {
    const { name, options, body } = argumentsOf(args);
    this.children.push(() => call(this.context, name, options, (context) => run(context, body)));
    this.count += 1;
    if (this.count === this.planned) setImmediate(this.resolve);
  }
  pass() { this.check(() => {}); }
  fail(message) { this.check(() => assert.fail(message)); }
  skip() { this.check(() => {}); }
  throws(body, expected, message) {
    const usable = typeof expected === "function" || expected instanceof RegExp || (typeof expected === "object" && expected);
    this.check(() => (usable ? assert.throws(body, expected) : assert.throws(body)));
  }
  doesNotThrow(body) { this.check(() => assert.doesNotThrow(body)); }
  ok(value, message) { this.check(() => assert.ok(value, message)); }
  notOk(value, message) { this.check(() => assert.ok(!value, message)); }
  equal(actual, expected) { this.check(() => assert.strictEqual(actual, expected)); }
  notEqual(actual, expected) { this.check(() => assert.notStrictEqual(actual, expected)); }
  looseEqual(actual, expected) { this.check(() => assert.equal(actual, expected)); }
  deepEqual(actual, expected) { this.check(() => assert.deepStrictEqual(plain(actual), plain(expected))); }
  notDeepEqual(actual, expected) { this.check(() => assert.notDeepStrictEqual(plain(actual), plain(expected))); }
  deepLooseEqual(actual, expected) { this.check(() => assert.deepEqual(actual, expected)); }
  match(value, pattern) { this.check(() => assert.match(value, pattern)); }
  doesNotMatch(value, pattern) { this.check(() => assert.doesNotMatch(value, pattern)); }
  intercept(object, property, descriptor = { value: undefined }) {
    const before = Object.getOwnPropertyDescriptor(object, property);
    Object.defineProperty(object, property, { ...descriptor, configurable: true });
    this.teardown(() => (before ? Object.defineProperty(object, property, before) : delete object[property]));
    return () => [];
  }
}
const aliases = {
  equal: ["is", "isEqual", "strictEqual", "equals"],
  notEqual: ["not", "isNot", "notStrictEqual", "doesNotEqual"],
  deepEqual: ["same", "isEquivalent", "deepEquals"],
  notDeepEqual: ["notSame", "notEquivalent", "notDeeply"],
  ok: ["true", "assert"],
  notOk: ["false", "notok"],
};
for (const name of ["equal", "notEqual", "looseEqual", "deepEqual", "notDeepEqual", "deepLooseEqual", "ok", "notOk", "throws", "match"]) {
  const assertion = Test.prototype[name];
  Test.prototype[name] = function (...args) {
    const { skip } = Object(args.length > 2 ? args.at(-1) : undefined);
    return skip ? this.skip() : assertion.apply(this, args);
  };
}
for (const [name, others] of Object.entries(aliases))
  for (const other of others) Test.prototype[other] = Test.prototype[name];

/** As tape has it, prototypes do not count. */
function plain(value, seen = new Map()) {
  if (Array.isArray(value)) {
    if (seen.has(value)) return seen.get(value);
    const copy = new Array(value.length);
    seen.set(value, copy);
    for (const key of Object.keys(value)) copy[key] = plain(value[key], seen);
    return copy;
  }
  const prototype = value !== null && typeof value === "object" ? Object.getPrototypeOf(value) : undefined;
  if (prototype !== null && prototype !== Object.prototype) return value;
  if (seen.has(value)) return seen.get(value);
  const copy = {};
  seen.set(value, copy);
  for (const key of Object.keys(value))
    Object.defineProperty(copy, key, { value: plain(value[key], seen), enumerable: true, configurable: true, writable: true });
  return copy;
}

function argumentsOf(args) {
  const name = args.find((value) => typeof value === "string") ?? "(anonymous)";
  const body = args.find((value) => typeof value === "function");
  const { skip, todo } = args.find((value) => value !== null && typeof value === "object") ?? {};
  return { name, body, options: { ...(skip && { skip }), ...(todo && { todo }), ...(!body && { skip: true }) } };
}

async function run(context, body) {
  const test = new Test(context);
  try {
    const returned = body(test);
    if (returned !== null && typeof returned === "object" && typeof returned.then === "function") {
      await Promise.race([returned, test.finished]);
      if (test.planned === null || test.count >= test.planned) test.resolve();
    }
    await test.finished;
    for (const child of test.children) await child();
    if (test.planned !== null && test.count !== test.planned)
      assert.fail("plan != count: " + test.planned + " assertions were planned, " + test.count + " ran");
  } finally {
    for (const teardown of test.teardowns.reverse()) await teardown();
  }
}

function test(...args) {
  const { name, options, body } = argumentsOf(args);
  call(nodeTest, name, options, (context) => run(context, body));
}
test.test = test;
test.skip = (...args) => call(nodeTest, argumentsOf(args).name, { skip: true });
test.only = test;
module.exports = test;
`,
};
