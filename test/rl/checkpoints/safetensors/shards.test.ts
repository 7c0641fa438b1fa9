import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  createSafetensorsDirectory,
  openSafetensorsDirectory,
} from "../../../../src/rl/checkpoints/safetensors/shards.ts";
import { writeSafetensors } from "../../../../src/rl/checkpoints/safetensors/weight-set.ts";
import { readTensor } from "../../../../src/rl/checkpoints/tensors.ts";

let root: string;
let directory: string;
let count = 0;
beforeAll(async () => void (root = await mkdtemp(join(tmpdir(), "afterstate-shards-"))));
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(async () => void (directory = await mkdtemp(join(root, `${count++}-`))));

const tensors = [
  { name: "a", type: "F32", shape: [2] },
  { name: "b", type: "BF16", shape: [3] },
  { name: "c", type: "F32", shape: [5] },
] as const;

async function write(maxShardBytes?: number): Promise<void> {
  await using sink = await createSafetensorsDirectory(
    directory,
    tensors,
    maxShardBytes === undefined ? {} : { maxShardBytes },
  );
  for (const [position, { name, shape }] of tensors.entries())
    await sink.write(name, 0, new Float32Array(shape[0]).fill(position + 1));
  await sink.commit();
}

async function contents(): Promise<Record<string, number[]>> {
  await using source = await openSafetensorsDirectory(directory);
  const values: [string, number[]][] = [];
  for (const name of source.tensors.keys()) values.push([name, [...(await readTensor(source, name)).data]]);
  return Object.fromEntries(values);
}
const expected = { a: [1, 1], b: [2, 2, 2], c: [3, 3, 3, 3, 3] };

describe("a directory of safetensors", () => {
  it("is one file while it fits", async () => {
    await write();
    expect(await readdir(directory)).toEqual(["model.safetensors"]);
    expect(await contents()).toEqual(expected);
  });

  it("is shards of a maximum size, with an index that counts bytes", async () => {
    await write(14);
    expect((await readdir(directory)).sort()).toEqual([
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
      "model.safetensors.index.json",
    ]);
    expect(JSON.parse(await readFile(join(directory, "model.safetensors.index.json"), "utf8"))).toEqual({
      metadata: { total_size: 8 + 6 + 20 },
      weight_map: {
        a: "model-00001-of-00002.safetensors",
        b: "model-00001-of-00002.safetensors",
        c: "model-00002-of-00002.safetensors",
      },
    });
    expect(await contents()).toEqual(expected);
  });

  it("is not written over one that has weights", async () => {
    await write();
    await expect(write(14)).rejects.toMatchObject({ code: "ERR_CHECKPOINT_EXISTS" });
  });

  it("without weights says what it looked for", async () => {
    await writeFile(join(directory, "pytorch_model.bin"), "");
    await expect(contents()).rejects.toMatchObject({
      code: "ERR_WEIGHTS_MISSING",
      message: expect.stringContaining("model.safetensors.index.json"),
    });
    await expect(openSafetensorsDirectory(join(directory, "absent"))).rejects.toMatchObject({
      code: "ERR_WEIGHTS_MISSING",
    });
  });

  it("names a shard that is missing", async () => {
    await write(14);
    await rm(join(directory, "model-00002-of-00002.safetensors"));
    await expect(contents()).rejects.toMatchObject({
      code: "ERR_WEIGHTS_MISSING",
      message: expect.stringContaining("model-00002-of-00002.safetensors"),
    });
  });

  const shard = "model-00001-of-00001.safetensors";
  it.each([
    ["points outside of its directory", { a: "../other.safetensors" }, /"\.\.\/other\.safetensors" is no file name/],
    ["points to the root", { a: "/etc/other.safetensors" }, /no file name/],
    ["is incomplete", {}, /"a" lies in .* assigned to none/, shard],
    ["assigns what is not there", { a: shard, b: shard }, /"b" is not in/],
    ["is no map", { a: 1 }, /weight_map/],
  ])("is refused when its index %s", async (_, map, message, ...rest) => {
    await writeFile(join(root, "other.safetensors"), "");
    await writeSafetensors(join(directory, shard), { a: { shape: [1], data: Float32Array.of(1) } });
    if (rest.length > 0)
      await writeSafetensors(join(directory, "second.safetensors"), { c: { shape: [1], data: Float32Array.of(1) } });
    const weightMap = rest.length > 0 ? { c: "second.safetensors", ...map, d: shard } : map;
    await writeFile(join(directory, "model.safetensors.index.json"), JSON.stringify({ weight_map: weightMap }));
    await expect(contents()).rejects.toMatchObject({
      code: "ERR_WEIGHTS_CORRUPT",
      message: expect.stringMatching(message),
    });
  });
});
