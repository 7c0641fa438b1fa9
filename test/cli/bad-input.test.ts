/** What users get wrong: each mistake is one line that says what to write instead, and leaves nothing behind. */
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fixture, guessNumber, Workplace, type CliResult } from "./run-cli.ts";

const place = new Workplace();
afterAll(() => place[Symbol.dispose]());

beforeAll(async () => {
  place.file("throws.mjs", 'throw new Error("boom\\nand more");');
  place.file("no-default.mjs", "export const x = 1;");
  place.file("typo.json", '{"loop": {"updats": 3}}');
  place.file("list.json", "[]");
  place.file("half.json", '{"loop": ');
  const made = await place.run(
    "rollout",
    "--env",
    guessNumber,
    "--policy",
    "oracle",
    "--episodes",
    "2",
    "--out",
    "run",
  );
  expect(made.code).toBe(0);
});

/** One line on standard error, nothing on standard output. */
function expectOneLine({ stdout, stderr }: CliResult, message: RegExp): void {
  expect(stdout).toBe("");
  expect(stderr).toMatch(/^afterstate: [^\n]+\n$/);
  expect(stderr).toMatch(message);
}

const rollout = (env: string, policy: string, ...rest: string[]) => [
  "rollout",
  "--json",
  "--env",
  env,
  "--policy",
  policy,
  "--episodes",
  "2",
  "--out",
  "new",
  ...rest,
];
const train = (...rest: string[]) => ["train", "--json", "--env", guessNumber, "--out", "new", ...rest];

describe("a mistake in the arguments exits 2 with one line", () => {
  test.each<[what: string, args: string[], message: RegExp]>([
    ["unknown command", ["rolout"], /did you mean "rollout"\?/],
    ["unknown option", ["rollout", "--polcy", "nop"], /--polcy.*rollout --help/],
    ["missing options", ["rollout", "--env", guessNumber], /needs --policy, --episodes, --out/],
    ["missing argument", ["validate"], /missing required argument 'env'/],
    ["tasks that nothing makes", ["generate", "terminal/shell@1"], /no tasks to generate; write "swe\/repo@1"/],
    ["no time", ["generate", "swe/repo@1", "--minutes", "0"], /write a number above 0/],
    ["count of nothing", rollout(guessNumber, "oracle", "--parallel", "0"), /whole number from 1/],
    ["unknown environment", rollout("terminl/shell@1", "nop"), /did you mean "terminal\/shell@1"\?/],
    ["missing module", rollout("./nowhere.ts", "nop"), /no environment module at .*nowhere\.ts/],
    ["module that throws", rollout("./throws.mjs", "nop"), /throws\.mjs throws while loading: boom$/m],
    ["module without a definition", rollout("./no-default.mjs", "nop"), /export default defineEnvironment/],
    ["unknown policy", rollout(guessNumber, "oracel"), /did you mean oracle\?/],
    ["rate that is none", rollout(guessNumber, "noisy:2"), /not between 0 and 1; write noisy:RATE/],
    ["endpoint without a model", rollout(guessNumber, "openai:http://127.0.0.1:1/v1"), /the model is missing; write/],
    ["model that is none", rollout(guessNumber, "local:nowhere"), /nowhere holds no local model/],
    ["split without tasks", rollout(guessNumber, "oracle", "--split", "dev"), /has no dev tasks; choose another split/],
    ["horizon out of range", rollout("terminal/shell@1", "oracle", "--horizon", "99"), /horizon of 1 to 30, not 99/],
    ["replay of nothing", ["rollout", "--policy", "replay:nowhere", "--out", "new"], /nowhere holds no run/],
    ["replay elsewhere", rollout("terminal/shell@1", "replay:run"), /holds episodes of game\/guess-number@1/],
    ["replay with a seed", [...rollout(guessNumber, "replay:run"), "--seed", "3"], /leave out seed/],
    ["resume of nothing", ["rollout", "--resume", "nowhere"], /nowhere holds no run/],
    ["resume with a policy", ["rollout", "--resume", "run", "--policy", "nop"], /cannot be used with option '--policy/],
    ["--only without --resume", rollout(guessNumber, "nop", "--only", "failed"), /--only goes with --resume/],
    ["key that is misspelt", train("--config", "typo.json"), /"loop\.updats"; did you mean "loop\.updates"\?/],
    ["config that is a list", train("--config", "list.json"), /list\.json must hold one JSON object/],
    ["config that is no JSON", train("--config", "half.json"), /cannot read the config half\.json/],
    ["config that is missing", train("--config", "nowhere.json"), /cannot read the config nowhere\.json/],
    ["judge of subgoals that are not there", train(), /guess-number@1 has no subgoals .*"judge": \{"spec": null\}/],
    ["environment named twice", ["train", "--env", `${guessNumber},${guessNumber}`, "--out", "new"], /named twice/],
    ["training of a rollout", ["train", "--resume", "run"], /holds no training run; .* rollout --resume run/],
    ["unknown judge", ["judge", "run", "--judge", "subgaol"], /did you mean subgoal\?/],
    ["judge of nothing", ["judge", "nowhere", "--judge", "subgoal"], /nowhere holds no run/],
    ["unknown format", ["export", "run", "--format", "csv"], /unknown export format "csv".*jsonl/],
    ["format of patches, of a run without", ["export", "run", "--format", "swebench"], /no episode left a patch/],
    ["weights of a run without", ["export", "run", "--format", "gguf", "--out", "new"], /run holds no weights/],
    ["weights to nowhere", ["export", "run", "--format", "peft"], /say where to: --out DIR/],
    ["type that is none", ["export", "run", "--format", "gguf", "--out", "new", "--type", "Q8"], /did you mean Q8_0\?/],
    [
      "attempt of weights",
      ["export", "run", "--format", "peft", "--out", "new", "--attempt", "1"],
      /--attempt has no meaning/,
    ],
    ["type of rows", ["export", "run", "--type", "F16"], /--type has no meaning for this --format/],
    ["attempt that is no number", ["export", "run", "--attempt", "first"], /write a whole number from 0/],
  ])("%s", async (_what, args, message) => {
    const result = await place.run(...args);
    expectOneLine(result, message);
    expect(result.code).toBe(2);
    expect(existsSync(join(place.path, "new"))).toBe(false);
  });
});

describe("a world that does not play along exits 1 with one line, before anything is written", () => {
  test("unreachable policy endpoint", async () => {
    const result = await place.run(...rollout(guessNumber, "openai:http://127.0.0.1:9/v1#m"));
    expectOneLine(result, /http:\/\/127\.0\.0\.1:9\/v1: nothing answers \(ECONNREFUSED\)/);
    expect(result.code).toBe(1);
    expect(existsSync(join(place.path, "new"))).toBe(false);
  });

  test("unreachable judge endpoint, of a training run and of a stored one", async () => {
    place.file("judge.json", '{"judge": {"spec": "openai:http://127.0.0.1:9/v1#m"}}');
    for (const args of [
      train("--config", "judge.json"),
      ["judge", "run", "--judge", "openai:http://127.0.0.1:9/v1#m"],
    ]) {
      const result = await place.run(...args);
      expectOneLine(result, /http:\/\/127\.0\.0\.1:9\/v1: nothing answers \(ECONNREFUSED\)/);
      expect(result.code).toBe(1);
    }
    expect(existsSync(join(place.path, "new"))).toBe(false);
  });

  test("no sandbox on this machine", async () => {
    for (const args of [
      rollout("terminal/shell@1", "oracle"),
      ["validate", "terminal/shell@1", "--json"],
      ["train", "--env", "terminal/shell@1", "--out", "new"],
    ]) {
      const result = await place.start(args, { ...process.env, PATH: "/nonexistent" }).ended;
      expectOneLine(result, /no bubblewrap sandbox here: bwrap is not installed; fix: apt-get install bubblewrap/);
      expect(result.code).toBe(1);
    }
    expect(existsSync(join(place.path, "new"))).toBe(false);
  });
});

describe("a run directory", () => {
  test("that holds something is not written to", async () => {
    place.file("taken", "a file");
    for (const out of ["run", "taken"]) {
      const before = readdirSync(place.path, { recursive: true });
      const result = await place.run(
        "rollout",
        "--env",
        guessNumber,
        "--policy",
        "nop",
        "--episodes",
        "1",
        "--out",
        out,
      );
      expectOneLine(result, new RegExp(`${out} is (not empty: go on with its run by --resume|a file)`));
      expect(result.code).toBe(2);
      expect(readdirSync(place.path, { recursive: true })).toEqual(before);
    }
  });

  test("that a live process writes is named with its process", async () => {
    const owner = place.start([
      "rollout",
      "--env",
      fixture("slow.mjs"),
      "--policy",
      "oracle",
      "--episodes",
      "1",
      "--out",
      "busy",
    ]);
    await expect.poll(() => existsSync(join(place.path, "busy/run.json")), { timeout: 30_000 }).toBe(true);
    for (const args of [
      ["rollout", "--env", guessNumber, "--policy", "nop", "--episodes", "1", "--out", "busy"],
      ["rollout", "--resume", "busy"],
    ]) {
      const result = await place.run(...args);
      expectOneLine(result, new RegExp(`busy is in use by process ${owner.child.pid}`));
      expect(result.code).toBe(2);
    }
    owner.child.kill("SIGKILL");
    await owner.ended;
  });

  test("whose log is damaged is refused by name, with what to do", async () => {
    await place.run("rollout", "--env", guessNumber, "--policy", "oracle", "--episodes", "2", "--out", "damaged");
    writeFileSync(join(place.path, "damaged/log/data.mdb"), "not a database".repeat(1_000));
    for (const args of [
      ["rollout", "--resume", "damaged"],
      ["judge", "damaged", "--judge", "subgoal"],
      ["export", "damaged", "--format", "jsonl"],
      ["rollout", "--policy", "replay:damaged", "--out", "new"],
    ]) {
      const result = await place.run(...args);
      expectOneLine(result, /damaged\/log/);
      expect(result.code).toBe(1);
    }
    expect(existsSync(join(place.path, "new"))).toBe(false);
  });
});

test("a rollout in which every episode failed exits 1, says why in one line, and still gives its document", async () => {
  const result = await place.run(
    "rollout",
    "--json",
    "--env",
    fixture("hangs.mjs"),
    "--policy",
    "oracle",
    "--episodes",
    "2",
    "--out",
    "hung",
  );
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(
    /^afterstate: no episode completed: ERR_ENV_TIMEOUT: .*reset took longer than 300 ms$/m,
  );
  expect(result.json()).toMatchObject({ episodes: 2, completed: 0, errors: { ERR_ENV_TIMEOUT: 2 } });
});

test("an environment that hangs in reset fails validation by name", async () => {
  const result = await place.run("validate", "--json", fixture("hangs.mjs"), "--tasks", "1");
  expect(result.code).toBe(1);
  expect(result.json().failures[0].detail).toMatch(/reset took longer than 300 ms/);
});
