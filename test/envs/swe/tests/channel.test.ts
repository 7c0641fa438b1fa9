import { describe, expect, test } from "vitest";
import { readChannel } from "../../../../src/envs/swe/tests/channel.ts";

const nonce = "0123abcd";
const report = (...records: (object | string)[]) =>
  readChannel(
    Buffer.from(records.map((one) => (typeof one === "string" ? one : `\n${nonce} ${JSON.stringify(one)}\n`)).join("")),
    nonce,
  );
const hello = { hello: true };
const passed = (id: string) => ({ id, status: "passed" });

describe("the channel of a test program", () => {
  test("what carries the nonce counts, everything else is noise", () => {
    const { started, results, forged, incomplete } = report(
      hello,
      'noise {"id":"b","status":"passed"}',
      passed("a"),
      `x${nonce} ${JSON.stringify(passed("c"))}\n`,
      'deadbeef {"id":"d","status":"passed"}\n',
      { end: 1 },
    );
    expect({ started, results: [...results], forged, incomplete }).toEqual({
      started: true,
      results: [["a", "passed"]],
      forged: null,
      incomplete: null,
    });
  });

  test("a report that goes on after its end, begins twice, holds strange records or too many results is forged", () => {
    expect(report(hello, { end: 0 }, passed("a")).forged).toContain("after its end");
    expect(report(hello, passed("a"), hello, { end: 1 }).forged).toContain("begins twice");
    expect(report(hello, { id: "a", status: "great" }, { end: 1 }).forged).toContain("does not write");
    expect(report(hello, passed("a"), passed("b"), { end: 1 }).forged).toContain("2 results of 1");
  });

  test("a report without its end, or with fewer results than tests, is incomplete", () => {
    expect(report(hello, passed("a")).incomplete).toContain("before the last test");
    expect(report(hello, passed("a"), { end: 3 }).incomplete).toContain("1 of 3");
    expect(report().started).toBe(false);
  });

  test("of two results of one test the worse counts", () => {
    expect(report(hello, { id: "a", status: "failed" }, passed("a"), { end: 2 }).results.get("a")).toBe("failed");
  });
});
