import { describe, expect, test } from "vitest";
import { EnvSandboxes } from "../../src/core/env-sandboxes.ts";
import { countingGame } from "../support/counting-game.ts";
import { fakeDriver } from "../support/fake-driver.ts";

const byTask = { ...countingGame().definition, requires: { sandbox: "by-task", limits: { cpus: 2 } } } as const;

describe("the sandboxes that an instance asks for by task", () => {
  test("start when they are asked for, with the definition's limits below their own", async () => {
    const specs: unknown[] = [];
    const driver = fakeDriver();
    const start = driver.start.bind(driver);
    driver.start = (spec, options) => {
      specs.push(spec);
      return start(spec, options);
    };
    await using owned = await EnvSandboxes.open(byTask, driver);
    expect([owned.sandbox, driver.open()]).toEqual([null, 0]);
    await owned.sandboxes!.start({ image: "debian", limits: { maxProcesses: 9 } });
    expect(specs).toEqual([{ image: "debian", limits: { cpus: 2, maxProcesses: 9 } }]);
  });

  test("are all closed with it, also one that is still starting", async () => {
    let goOn = (): void => undefined;
    const starting = new Promise<void>((resolve) => (goOn = resolve));
    const driver = fakeDriver({ start: (index) => (index === 1 ? starting : undefined) });
    const owned = await EnvSandboxes.open(byTask, driver);
    await owned.sandboxes!.start({});
    const late = owned.sandboxes!.start({});
    const closed = owned.close();
    goOn();
    await Promise.all([late, closed]);
    expect([driver.open(), driver.log.length]).toEqual([0, 2]);
    await expect(owned.sandboxes!.start({})).rejects.toThrow("closed");
  });

  test("are there for scoring too, and for no definition that has one sandbox of its own", () => {
    const driver = fakeDriver();
    const one = { ...byTask, requires: { sandbox: true } };
    expect(EnvSandboxes.forScoring(byTask, driver).sandboxes).not.toBeNull();
    expect(EnvSandboxes.forScoring(one, driver).sandboxes).toBeNull();
    expect(() => EnvSandboxes.forScoring(byTask, null)).toThrow("needs a sandbox");
  });
});
