import * as fc from "fast-check";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TrainerError } from "../../../src/core/errors.ts";
import { readGgufArchitecture } from "../../../src/rl/checkpoints/gguf/architecture.ts";
import { GgufFile } from "../../../src/rl/checkpoints/gguf/reader.ts";
import { readGgufParameters, writeGguf } from "../../../src/rl/checkpoints/gguf/weights.ts";
import { readSafetensors, writeSafetensors } from "../../../src/rl/checkpoints/safetensors/weight-set.ts";
import { collect, llama, parametersOf } from "./tiny.ts";

let directory: string;
beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), "afterstate-damage-"))));
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Some bytes of the first `length` changed, and perhaps the end cut off. */
const damage = (length: number) =>
  fc.record({
    changes: fc.array(fc.tuple(fc.nat(length - 1), fc.nat(255)), { maxLength: 4 }),
    cut: fc.option(fc.nat(length - 1), { freq: 8 }),
  });

async function survives(bytes: Uint8Array, path: string, header: number, read: () => Promise<unknown>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(damage(header), async ({ changes, cut }) => {
      const damaged = bytes.slice(0, cut === null ? bytes.length : bytes.length - cut);
      for (const [at, value] of changes) if (at < damaged.length) damaged[at] = value;
      await writeFile(path, damaged);
      try {
        await read();
      } catch (error) {
        expect(error).toBeInstanceOf(TrainerError);
      }
    }),
    { numRuns: 300 },
  );
}

describe("a damaged file is read, or refused with a name for what is wrong:", () => {
  it("safetensors", async () => {
    const path = join(directory, "model.safetensors");
    await writeSafetensors(path, {
      first: { shape: [2, 3], data: new Float32Array(6) },
      second: { shape: [4], data: new Float32Array(4) },
    });
    const bytes = new Uint8Array(await readFile(path));
    await survives(bytes, path, bytes.length - 40, () => readSafetensors(path));
  });

  it("GGUF", async () => {
    const path = join(directory, "model.gguf");
    await writeGguf(path, llama, parametersOf(llama));
    const bytes = new Uint8Array(await readFile(path));
    await survives(bytes, path, 2600, async () => {
      await using file = await GgufFile.open(path);
      await collect(readGgufParameters(file, await readGgufArchitecture(file)));
    });
  });
});
