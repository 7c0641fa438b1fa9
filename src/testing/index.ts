/** `afterstate/testing`: suites that a user's own extension runs. Needs vitest in the user's project. */
export { describeEnvConformance, type EnvConformanceOptions } from "./env-conformance.ts";
