/** Training steps of ours and of a peer in turn, after both have shown that they compute the same. */
import { showSpread, spreadOf, type Spread } from "../support/statistics.ts";
import { Program, type Launch, type Trained } from "./program.ts";
import { leastTrainingBytes, type TaskSizes } from "./task.ts";

export interface TrainingResult {
  readonly ours: ProgramSpeed;
  readonly peer: ProgramSpeed | null;
  readonly agreement: Agreement | null;
  /** Tokens a second of ours over the peer's, of each round: by the wall clock, and by processor time. */
  readonly ratio: Spread | null;
  readonly cpuRatio: Spread | null;
  readonly leastBytes: number;
}

export interface ProgramSpeed {
  readonly name: string;
  readonly computesOn: string;
  readonly tokensPerSecond: Spread;
  readonly tokensPerCpuSecond: Spread;
  /** Most that was resident at once, of a process that did nothing else. */
  readonly peakBytes: number;
  readonly runtimeBytes: number;
  /** What came on top of the runtime, over the arithmetic minimum. */
  readonly peakOfLeast: number;
  readonly devicePeakBytes: number | null;
}

/** Largest relative differences over the first steps. */
export interface Agreement {
  readonly steps: number;
  readonly loss: number;
  readonly gradientNorm: number;
}

export interface TrainingSettings {
  readonly rounds: number;
  readonly steps: number;
  /** Relative: what the first step's loss and gradient norm may differ by. */
  readonly tolerance: number;
}

const agreementSteps = 3;

/** @throws Error when the two do not compute the same. */
export async function measureTraining(
  settings: TrainingSettings,
  task: TaskSizes,
  launches: { readonly ours: Launch; readonly peer: Launch | null },
  watch: (program: Program) => void = () => undefined,
): Promise<TrainingResult> {
  await using ours = await Program.start(launches.ours);
  await using peer = launches.peer === null ? null : await Program.start(launches.peer);
  watch(ours);
  // Also warms both up.
  const first = await ours.check(agreementSteps);
  const peerFirst = (await peer?.check(agreementSteps)) ?? null;
  const agreement = peerFirst === null ? null : compare(first, peerFirst, settings.tolerance);
  const own: Trained[] = [];
  const others: Trained[] = [];
  for (let round = 0; round < settings.rounds; round++) {
    own.push(await ours.train(settings.steps));
    if (peer !== null) others.push(await peer.train(settings.steps));
  }
  const tokens = settings.steps * task.sequences * task.time;
  const leastBytes = leastTrainingBytes(task);
  const speed = (program: Program, rounds: readonly Trained[]): ProgramSpeed => {
    const { peakBytes, devicePeakBytes } = rounds.at(-1)!;
    const { ready, runtimeBytes } = program.ready;
    return {
      name: program.name,
      computesOn: ready,
      tokensPerSecond: spreadOf(rounds.map(({ seconds }) => tokens / seconds)),
      tokensPerCpuSecond: spreadOf(rounds.map(({ cpuSeconds }) => tokens / cpuSeconds)),
      peakBytes,
      runtimeBytes,
      peakOfLeast: (peakBytes - runtimeBytes) / leastBytes,
      devicePeakBytes: devicePeakBytes ?? null,
    };
  };
  const ratioBy = (of: "seconds" | "cpuSeconds"): Spread | null =>
    others.length === 0 ? null : spreadOf(own.map((round, i) => others[i]![of] / round[of]));
  return {
    ours: speed(ours, own),
    peer: peer === null ? null : speed(peer, others),
    agreement,
    ratio: ratioBy("seconds"),
    cpuRatio: ratioBy("cpuSeconds"),
    leastBytes,
  };
}

function compare(a: Trained, b: Trained, tolerance: number): Agreement {
  const apart = (x: number, y: number): number => Math.abs(x - y) / Math.abs(y);
  const first = Math.max(apart(a.losses[0]!, b.losses[0]!), apart(a.gradientNorms[0]!, b.gradientNorms[0]!));
  if (!(first <= tolerance))
    throw new Error(
      `the two do not compute the same: losses ${a.losses.join()} and ${b.losses.join()}, ` +
        `gradient norms ${a.gradientNorms.join()} and ${b.gradientNorms.join()}`,
    );
  const worst = (key: "losses" | "gradientNorms") => Math.max(...a[key].map((value, i) => apart(value, b[key][i]!)));
  return { steps: a.losses.length, loss: worst("losses"), gradientNorm: worst("gradientNorms") };
}

export const trainingHead = ["training", "tokens/s", "per CPU s", "of peer", "by CPU", "peak MiB", "of least"];

export function trainingRows(label: string, { ours, peer, ratio, cpuRatio }: TrainingResult): string[][] {
  const row = (speed: ProgramSpeed, own: boolean): string[] => [
    `${label}, ${speed.name}`,
    showSpread(speed.tokensPerSecond, 0),
    showSpread(speed.tokensPerCpuSecond, 0),
    own && ratio !== null ? showSpread(ratio, 2) : "",
    own && cpuRatio !== null ? showSpread(cpuRatio, 2) : "",
    ((speed.devicePeakBytes ?? speed.peakBytes) / 2 ** 20).toFixed(0),
    speed.devicePeakBytes === null ? speed.peakOfLeast.toFixed(2) : "",
  ];
  return [row(ours, true), ...(peer === null ? [] : [row(peer, false)])];
}
