/** A project's instances, once all are made: a further run takes them as they are. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { type InstanceInput, instanceSchema } from "../instance.ts";
import type { MadeInstances } from "./make-instances.ts";

const schema = z.object({
  key: z.string(),
  instances: z.array(z.custom<InstanceInput>((value) => instanceSchema.safeParse(value).success)),
  verdicts: z.record(z.string(), z.number()),
});

/** @param key names everything that they were made from. @returns null when there are none of that key. */
export async function readFinished(file: string, key: string): Promise<MadeInstances | null> {
  try {
    const { instances, verdicts, key: found } = schema.parse(JSON.parse(await readFile(file, "utf8")));
    return found === key ? { instances, verdicts, complete: true } : null;
  } catch {
    return null;
  }
}

export async function writeFinished(file: string, key: string, { instances, verdicts }: MadeInstances): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.part`, JSON.stringify({ key, instances, verdicts }));
  await rename(`${file}.part`, file);
}
