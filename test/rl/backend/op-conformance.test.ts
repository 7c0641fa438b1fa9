/**
 * Every kernel that training, decoding or a user's own loss may use, forward and gradient, against the cpu backend.
 *
 * A further backend is one line in `backends`.
 */
import { beforeAll, describe, expect, it, vi } from "vitest";
import { loadBackend, type BackendName } from "../../../src/rl/backend/load-backend.ts";
import { tf } from "../../../src/rl/backend/tf.ts";
import type { Case } from "./conformance/case.ts";
import { elementwiseCases } from "./conformance/elementwise-cases.ts";
import { indexCases } from "./conformance/index-cases.ts";
import { knownDifferences, missingKernels } from "./conformance/known-differences.ts";
import { matrixCases } from "./conformance/matrix-cases.ts";
import { outOfScope } from "./conformance/out-of-scope.ts";
import { reductionCases } from "./conformance/reduction-cases.ts";
import { difference, runCase, type Result } from "./conformance/run-case.ts";
import { shapeCases } from "./conformance/shape-cases.ts";
import { noWebgpu, useSoftwareVulkan } from "./software-vulkan.ts";

// webgpu compiles some hundred programs here, on a CPU that stands in for a GPU.
vi.setConfig({ testTimeout: 180_000 });

const cases: Readonly<Record<string, readonly Case[]>> = {
  ...elementwiseCases,
  ...indexCases,
  ...matrixCases,
  ...reductionCases,
  ...shapeCases,
};

/** Each with why it cannot be tested here: null where it must be. */
const backends: readonly (readonly [BackendName, string | null])[] = [
  ["torch", null],
  ["wasm", null],
  ["webgpu", noWebgpu],
];

const id = (kernel: string, { name }: Case): string => `${kernel}: ${name}`;

/** Results, or why there are none. */
async function attempt(kernel: string, one: Case): Promise<readonly Result[] | string> {
  try {
    return await runCase(kernel, one);
  } catch (error) {
    return `throws ${(error as Error).message.split("\n")[0]}`;
  }
}

const oracle = new Map<string, readonly Result[] | string>();

beforeAll(async () => {
  useSoftwareVulkan();
  await loadBackend("cpu");
  for (const [kernel, list] of Object.entries(cases))
    for (const one of list) oracle.set(id(kernel, one), await attempt(kernel, one));
});

describe("the table of cases", () => {
  it("names each case once, and the cpu backend computes all of them", () => {
    const all = Object.entries(cases).flatMap(([kernel, list]) => list.map((one) => id(kernel, one)));
    expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
    expect([...oracle].filter(([, result]) => typeof result === "string")).toEqual([]);
  });

  it("is not empty for any kernel, and none is out of scope as well", () => {
    expect(Object.keys(cases).filter((kernel) => cases[kernel]!.length === 0)).toEqual([]);
    expect(
      Object.values(outOfScope)
        .flat()
        .filter((kernel) => kernel in cases),
    ).toEqual([]);
  });
});

describe.each(backends)("%s", (name, absent) => {
  if (absent !== null) return it.skip(absent, () => undefined);

  const explained = new Map(
    (knownDifferences[name] ?? []).flatMap(({ reason, cases }) => cases.map((one) => [one, reason] as const)),
  );
  const missing = missingKernels[name] ?? [];

  beforeAll(async () => {
    await loadBackend(name);
    // Small inputs would be computed by the cpu backend's functions, and their kernels never run.
    if (name === "webgpu") tf.env().set("WEBGPU_CPU_FORWARD", false);
  });

  it("registers no kernel that has no case and no reason to have none", () => {
    const known = new Set([...Object.keys(cases), ...Object.values(outOfScope).flat()]);
    const registered = tf.getKernelsForBackend(name).map(({ kernelName }) => kernelName);
    expect(registered.filter((kernel) => !known.has(kernel))).toEqual([]);
  });

  it("lacks those kernels that are known to be missing, and no other", () => {
    const absent = Object.keys(cases).filter((kernel) => tf.getKernel(kernel, name) === undefined);
    expect(absent.sort()).toEqual([...missing]);
  });

  it("has known differences only in cases that exist", () => {
    expect([...explained.keys()].filter((one) => !oracle.has(one))).toEqual([]);
  });

  it.each(Object.keys(cases).filter((kernel) => !missing.includes(kernel)))("%s", async (kernel) => {
    const unexpected: string[] = [];
    for (const one of cases[kernel]!) {
      const [actual, expected] = [await attempt(kernel, one), oracle.get(id(kernel, one))!];
      // After a failure of its device webgpu gives nothing more until it is started anew.
      if (typeof actual === "string") await loadBackend(name);
      const departure =
        typeof actual === "string" ? actual : difference(actual, expected as readonly Result[], one.tolerance);
      const known = explained.get(id(kernel, one));
      if (departure !== null && known === undefined) unexpected.push(`${one.name}: ${departure}`);
      if (departure === null && known !== undefined) unexpected.push(`${one.name}: agrees, but is listed: ${known}`);
    }
    expect(unexpected).toEqual([]);
  });
});
