import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cacheDirectory } from "../../src/core/cache-directory.ts";

describe("the cache directory", () => {
  const before = process.env["AFTERSTATE_CACHE"];
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), "afterstate-cache-"));
    process.env["AFTERSTATE_CACHE"] = join(base, "cache");
  });
  afterEach(() => {
    rmSync(base, { recursive: true, force: true });
    if (before === undefined) delete process.env["AFTERSTATE_CACHE"];
    else process.env["AFTERSTATE_CACHE"] = before;
  });

  test("is made with its parents, for its owner alone, and is the same twice", () => {
    const path = cacheDirectory("images", "roots");
    expect(path).toBe(join(base, "cache", "images", "roots"));
    expect(statSync(join(base, "cache")).mode & 0o777).toBe(0o700);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(cacheDirectory("images", "roots")).toBe(path);
  });

  test("a relative path is refused with what to write", () => {
    process.env["AFTERSTATE_CACHE"] = "cache";
    expect(() => cacheDirectory()).toThrow(/AFTERSTATE_CACHE to an absolute path/);
  });

  test("one that others can write is refused", () => {
    chmodSync(cacheDirectory(), 0o777);
    expect(() => cacheDirectory("x")).toThrow(/written by others/);
  });

  test("a link in its place is refused", () => {
    symlinkSync(base, join(base, "cache"));
    expect(() => cacheDirectory("x")).toThrow(/not a directory/);
  });
});
