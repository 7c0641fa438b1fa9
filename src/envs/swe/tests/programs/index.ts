import type { TestReport } from "../../instance.ts";
import { jestProgram, nodeProgram, vitestProgram } from "./javascript.ts";
import type { ProgramOptions, TestProgram } from "./program.ts";
import { pytestProgram } from "./pytest.ts";
import { unittestProgram } from "./unittest.ts";

export type { TestProgram } from "./program.ts";

/** Those with a channel of their own; `go test -json` is read as it is. */
export const testPrograms: Readonly<Record<Exclude<TestReport, "go">, (options: ProgramOptions) => TestProgram>> = {
  pytest: pytestProgram,
  unittest: unittestProgram,
  node: nodeProgram,
  vitest: vitestProgram,
  jest: jestProgram,
};
