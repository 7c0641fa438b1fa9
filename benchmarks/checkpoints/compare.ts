/**
 * Does our model compute what a checkpoint means? See benchmarks/README.md.
 *
 *   npx jiti benchmarks/checkpoints/compare.ts CHECKPOINT [--backend wasm] [--python python3]
 *
 * CHECKPOINT is a Hugging Face directory or a GGUF file. The reference (reference.py, float64, numpy) reads what we write.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { BackendPreference } from "../../src/rl/backend/load-backend.ts";
import { readPretrained, writePretrained } from "../../src/rl/checkpoints/pretrained.ts";
import { loadPretrained } from "../../src/rl/model/load-pretrained.ts";

const { values, positionals } = parseArgs({
  options: { backend: { type: "string", default: "wasm" }, python: { type: "string", default: "python3" } },
  allowPositionals: true,
});
const [source] = positionals;
if (source === undefined) {
  console.error("usage: compare.ts CHECKPOINT [--backend NAME] [--python COMMAND]");
  process.exit(2);
}
const text = 'The capital of France is Paris, and 12.5% of it:\n\n\tdon\'t say "naïve" 東京 😀.';
const pretrained = await readPretrained(source);
const { tokenizer } = pretrained;
const ids =
  tokenizer.data.template === null
    ? tokenizer.encode(text)
    : tokenizer.applyChatTemplate([{ role: "user", content: text }]);

const directory = await mkdtemp(join(tmpdir(), "afterstate-compare-"));
let expected: number[];
try {
  await writePretrained(directory, pretrained);
  const script = new URL("reference.py", import.meta.url).pathname;
  const output = execFileSync(values.python, [script, directory], { input: JSON.stringify(ids), encoding: "utf8" });
  expected = JSON.parse(output) as number[];
} finally {
  await rm(directory, { recursive: true });
}

const model = await loadPretrained(source, { backend: values.backend as BackendPreference, maxContext: 512 });
const [scores] = await model.score([{ calls: [{ promptTokenIds: ids.slice(0, 1), tokenIds: ids.slice(1) }] }]);
const apart = scores!.map((score, i) => Math.abs(score - expected[i]!));
console.log(
  `${model.backend}: ${ids.length} tokens, largest difference ${Math.max(...apart).toExponential(1)} nats of ` +
    `log-probabilities from ${Math.min(...expected).toFixed(2)} to ${Math.max(...expected).toFixed(2)}`,
);
model.dispose();
