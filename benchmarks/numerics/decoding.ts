/** Decoding in turn by ours and its peers: the same prompts, the likeliest token each time, as many for each. */
import { showSpread, spreadOf, type Spread } from "../support/statistics.ts";
import { Program, type Decoded, type Launch } from "./program.ts";

export interface DecodingResult {
  readonly batch: number;
  readonly name: string;
  readonly computesOn: string;
  /** New tokens, prompts not counted, of the whole time. */
  readonly tokensPerSecond: Spread;
  readonly tokensPerCpuSecond: Spread;
  /** Of ours over this one's, of each round; null for ours. */
  readonly ratio: Spread | null;
  readonly cpuRatio: Spread | null;
  /** Share of tokens that ours chose as well before the two first parted, over all sequences; null for ours. */
  readonly sameTokens: number | null;
}

export interface DecodingSettings {
  readonly rounds: number;
  readonly batches: readonly number[];
}

/** The first of `launches` is ours. @throws Error when a peer's first tokens are not those of ours. */
export async function measureDecoding(
  settings: DecodingSettings,
  launches: readonly Launch[],
): Promise<DecodingResult[]> {
  const programs: Program[] = [];
  try {
    for (const launch of launches) programs.push(await Program.start(launch));
    return await takeTurns(settings, programs);
  } finally {
    for (const program of programs) await program[Symbol.asyncDispose]();
  }
}

async function takeTurns(
  { rounds, batches }: DecodingSettings,
  programs: readonly Program[],
): Promise<DecodingResult[]> {
  const results: DecodingResult[] = [];
  let first = 0;
  for (const batch of batches) {
    const rows: Decoded[][] = programs.map(() => []);
    // One more comes first and is thrown away.
    for (let round = -1; round < rounds; round++) {
      for (const [i, program] of programs.entries()) {
        const decoded = await program.decode(batch, first);
        if (round >= 0) rows[i]!.push(decoded);
      }
      first += batch;
    }
    const own = rows[0]!;
    results.push(
      ...programs.map((program, i): DecodingResult => {
        const these = rows[i]!;
        const tokens = these[0]!.tokens.flat().length;
        const ratioBy = (of: "seconds" | "cpuSeconds") => spreadOf(these.map((one, r) => one[of] / own[r]![of]));
        return {
          batch,
          name: program.name,
          computesOn: program.ready.ready,
          tokensPerSecond: spreadOf(these.map(({ seconds }) => tokens / seconds)),
          tokensPerCpuSecond: spreadOf(these.map(({ cpuSeconds }) => tokens / cpuSeconds)),
          ratio: i === 0 ? null : ratioBy("seconds"),
          cpuRatio: i === 0 ? null : ratioBy("cpuSeconds"),
          sameTokens: i === 0 ? null : sameTokens(program.name, own, these),
        };
      }),
    );
  }
  return results;
}

/** Programs round differently, and a token that is as likely as another turns all that follow: shares, not equality. */
function sameTokens(name: string, a: readonly Decoded[], b: readonly Decoded[]): number {
  let [same, all, sameFirst, sequences] = [0, 0, 0, 0];
  a.forEach(({ tokens }, round) =>
    tokens.forEach((sequence, s) => {
      const other = b[round]!.tokens[s]!;
      if (other.length !== sequence.length)
        throw new Error(`${name} wrote ${other.length} tokens, not ${sequence.length}`);
      const parted = sequence.findIndex((token, i) => token !== other[i]);
      same += parted < 0 ? sequence.length : parted;
      all += sequence.length;
      sameFirst += Number(parted !== 0);
      sequences++;
    }),
  );
  if (sameFirst < 0.9 * sequences) throw new Error(`${name} does not compute the same: its first tokens are others`);
  return same / all;
}

export const decodingHead = ["decoding", "tokens/s", "per CPU s", "ours of it", "by CPU", "same tokens"];

export function decodingRow(label: string, result: DecodingResult): string[] {
  const { batch, name, tokensPerSecond, tokensPerCpuSecond, ratio, cpuRatio, sameTokens } = result;
  const orNothing = (spread: Spread | null) => (spread === null ? "" : showSpread(spread, 2));
  return [
    `${label}, batch ${batch}, ${name}`,
    showSpread(tokensPerSecond, 0),
    showSpread(tokensPerCpuSecond, 0),
    orNothing(ratio),
    orNothing(cpuRatio),
    sameTokens === null ? "" : sameTokens.toFixed(2),
  ];
}
