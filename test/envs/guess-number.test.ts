import { describeEnvConformance } from "../../src/testing/index.ts";
import definition from "../../examples/guess-number.ts";

describeEnvConformance("examples/guess-number.ts", { definition, action: { guess: 101 } });
