/** A toy imitation task: names spelled in word parts must be copied from an instruction into a command. */
import { createRandom, type Random } from "../../../src/core/random.ts";
import { splitText } from "../../../src/rl/tokenizer/split.ts";
import { createTokenizer } from "../../../src/rl/tokenizer/word-tokenizer.ts";

const parts = Array.from(
  { length: 120 },
  (_, i) => `${"bcdfghklmnprstvz"[i % 16]}${"aeiou"[i % 5]}${"lmnrst"[i % 6]}${"aeio"[i % 4]}`,
);
const lexicon = [...new Set(parts)];
const wordings = [
  "Please copy the file NAME to the folder DIR now.",
  "Make a copy of NAME and put it into DIR.",
  "In this directory there is NAME. Put a duplicate of it inside DIR, please.",
];

export interface Example {
  readonly prompt: string;
  readonly completion: string;
}

/** Even products of the lexicon are for training, odd ones held out. */
export function example(random: Random, heldOut: boolean): Example {
  for (;;) {
    const [a, b, c] = [random.integer(lexicon.length), random.integer(lexicon.length), random.integer(lexicon.length)];
    if (((a + b + c) % 2 === 1) !== heldOut) continue;
    const name = `${lexicon[a]!}_${lexicon[b]!}.log`;
    const directory = `${lexicon[c]!}_out`;
    const text = random.pick(wordings).replace("NAME", name).replace("DIR", directory);
    return { prompt: text, completion: `cp ${name} ${directory}` };
  }
}

export function copyTokenizer() {
  const random = createRandom("vocabulary");
  const pieces = new Set<string>();
  for (let i = 0; i < 3000; i++) {
    const { prompt, completion } = example(random, i % 2 === 0);
    for (const piece of [...splitText(prompt), ...splitText(completion)]) pieces.add(piece);
  }
  return createTokenizer([...pieces].sort(), ["<instruction>", "<command>"]);
}

export type CopyTokenizer = ReturnType<typeof copyTokenizer>;

export function toSequence(tokenizer: CopyTokenizer, { prompt, completion }: Example) {
  return {
    promptTokenIds: [
      tokenizer.bosId,
      tokenizer.special("<instruction>"),
      ...tokenizer.encode(prompt),
      tokenizer.special("<command>"),
    ],
    tokenIds: [...tokenizer.encode(completion), tokenizer.eosId],
  };
}
