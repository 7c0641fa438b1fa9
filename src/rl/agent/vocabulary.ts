/** Builds a word vocabulary from what training tasks say and do; nothing of dev or test is read. */
import type { EnvironmentDefinition } from "../../core/env.ts";
import type { JsonValue } from "../../core/json.ts";

export interface VocabularyOptions {
  readonly tasks: number;
  readonly seed: number;
  readonly horizon: number;
  /** A word must be seen this often. */
  readonly minCount: number;
  readonly maxWords: number;
}

/**
 * @param split cuts text into the pieces a tokenizer's vocabulary is made of.
 * @returns pieces by falling frequency.
 */
export async function collectVocabulary(
  definitions: readonly EnvironmentDefinition[],
  split: (text: string) => readonly string[],
  options: VocabularyOptions,
): Promise<string[]> {
  const counts = new Map<string, number>();
  const read = (text: string): void => {
    for (const piece of split(text)) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  };
  for (const definition of definitions) {
    const source = definition.tasks.train;
    for (let index = 0; index < Math.min(options.tasks, source.size ?? options.tasks); index++) {
      const task = await source.get(index, { seed: options.seed, horizon: options.horizon });
      read(task.instruction);
      for (const { actions, mistakes } of task.oracle ?? [])
        for (const turn of [actions, ...(mistakes ?? []).map((mistake) => mistake.actions)])
          for (const action of turn) for (const text of textsOf(action)) read(text);
    }
  }
  const words = [...counts]
    .filter(([, count]) => count >= options.minCount)
    .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, options.maxWords)
    .map(([piece]) => piece);
  // Step numbers are in every prompt, whatever the tasks say.
  const stepNumbers = Array.from({ length: 30 }, (_, index) => split(String(index + 1))).flat();
  return [...new Set([...words, ...stepNumbers])];
}

/** Strings as they stand, everything else as the JSON it is written as (see action-codec.ts). */
function textsOf(action: JsonValue): string[] {
  if (typeof action !== "object" || action === null || Array.isArray(action)) return [JSON.stringify(action)];
  return Object.entries(action)
    .filter(([name]) => name !== "type")
    .map(([, value]) => (typeof value === "string" ? value : JSON.stringify(value)));
}
