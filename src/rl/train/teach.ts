/**
 * Asks a teacher, which reads hints that the student did not, what it thinks of calls the student made.
 *
 * Knows no judge, message or log: hints come as whole prompts of token ids (see ../advantages/hints.ts), and what goes out
 * is ready for a policy batch. Teacher and student share one vocabulary. Nothing is made up: a call without a hint, or
 * whose teacher failed, comes back untaught, and trains on its reward alone.
 */
import { AfterstateError, PolicyError, toErrorRecord, type ErrorRecord } from "../../core/errors.ts";
import { overlaps, selectHints, type HintSelection } from "../advantages/overlap.ts";
import { wrongLogprobs, wrongSupport } from "../model/check-teaching.ts";
import type {
  BranchCall,
  LanguageModel,
  PolicyCall,
  SupportRequest,
  SupportScore,
  SupportToken,
  Teaching,
} from "../model/contract.ts";

export interface CallToTeach extends BranchCall {
  readonly temperature: PolicyCall["temperature"];
  /** The call's whole prompt once more with each candidate hint, the preferred (v2: the shortest) first; may be none. */
  readonly hintedPrompts: readonly (readonly number[])[];
}

export type TeachingMethod =
  /** v1: log-probabilities of the taken tokens, under the first hint that the teacher could read. */
  | { readonly type: "taken" }
  /** v1: its `k` likeliest ids, likewise; 50 as published. */
  | { readonly type: "top-k"; readonly k: number }
  /** v2: a support of `k` ids at most, under the hint that `selection` chooses; see `hybridMethod`. */
  | {
      readonly type: "support";
      readonly k: number;
      readonly selection: HintSelection;
      /** Whose likeliest ids: the student's, the teacher's, or those of both. */
      readonly support: "student" | "teacher" | "overlap";
    };

/** The hybrid objective as published: OpenClaw-RL v2, arXiv:2603.10165. */
export const hybridMethod = {
  type: "support",
  k: 4,
  selection: "sequence",
  support: "student",
} as const satisfies TeachingMethod;

export interface Taught {
  /** Null: no hint, or no answer to any. */
  readonly teaching: Teaching | null;
  /** [T] which of `hintedPrompts` each token is taught under; [] when untaught. */
  readonly hints: readonly number[];
  /** Mean share of the k likeliest ids that student and chosen teacher have in common; null but for a support. */
  readonly overlap: number | null;
  /** One for each hint for which the teacher failed. */
  readonly failures: readonly ErrorRecord[];
}

export type Scorer = Pick<LanguageModel, "scoreSupport">;

interface Answer extends SupportScore {
  readonly hint: number;
}

const untaught = { teaching: null, hints: [], overlap: null } as const;

/** In the order of the calls. Only the teacher may fail; what the student throws is thrown. */
export async function teach(
  student: Scorer,
  teacher: Scorer,
  calls: readonly CallToTeach[],
  method: TeachingMethod,
): Promise<Taught[]> {
  return Promise.all(
    calls.map(async (call) => {
      if (call.hintedPrompts.length === 0) return { ...untaught, failures: [] };
      return method.type === "support"
        ? teachSupport(student, teacher, call, method)
        : teachFirst(teacher, call, method);
    }),
  );
}

/** v1 knows one hint; the others are for when the teacher cannot read it. */
async function teachFirst(
  teacher: Scorer,
  call: CallToTeach,
  method: Exclude<TeachingMethod, { type: "support" }>,
): Promise<Taught> {
  const request = method.type === "top-k" ? { topK: method.k } : {};
  const failures: ErrorRecord[] = [];
  for (const hint of call.hintedPrompts.keys()) {
    const answer = await ask(teacher, call, hint, request, failures);
    if (answer === null) continue;
    const teaching: Teaching =
      method.type === "top-k" ? { type: "top-k", tokens: answer.top } : { type: "taken", logprobs: answer.logprobs };
    return { teaching, hints: call.tokenIds.map(() => hint), overlap: null, failures };
  }
  return { ...untaught, failures };
}

async function teachSupport(
  student: Scorer,
  teacher: Scorer,
  call: CallToTeach,
  { k, selection, support }: Extract<TeachingMethod, { type: "support" }>,
): Promise<Taught> {
  const { top: own } = await scoreOne(student, call, { topK: k });
  const ownIds = own.map(({ ids }) => ids);
  const request = { topK: k, supportIds: [ownIds] };
  const failures: ErrorRecord[] = [];
  const asked = await Promise.all(call.hintedPrompts.map((_, hint) => ask(teacher, call, hint, request, failures)));
  const answers = asked.filter((answer) => answer !== null);
  if (answers.length === 0) return { ...untaught, failures };

  const common = answers.map(({ top }) =>
    overlaps(
      ownIds,
      top.map(({ ids }) => ids),
    ),
  );
  const chosen = selectHints(common, selection);
  const tokens =
    support === "teacher"
      ? await teacherSupport(
          student,
          call,
          chosen.map((answer, t) => answers[answer]!.top[t]!),
        )
      : chosen.map((answer, t): SupportToken => {
          const { top, support: teacherAtOwn } = answers[answer]!;
          const kept = own[t]!.ids.flatMap((id, v) => (support === "student" || top[t]!.ids.includes(id) ? [v] : []));
          const at = (values: readonly number[]) => kept.map((v) => values[v]!);
          return { ids: at(own[t]!.ids), old: at(own[t]!.logprobs), teacher: at(teacherAtOwn[t]!) };
        });
  const shared = chosen.reduce((sum, answer, t) => sum + common[answer]![t]!, 0);
  return {
    teaching: { type: "support", tokens },
    hints: chosen.map((answer) => answers[answer]!.hint),
    overlap: shared / (k * chosen.length),
    failures,
  };
}

async function teacherSupport(
  student: Scorer,
  call: CallToTeach,
  top: readonly SupportScore["top"][number][],
): Promise<SupportToken[]> {
  const { support: old } = await scoreOne(student, call, { supportIds: [top.map(({ ids }) => ids)] });
  return top.map(({ ids, logprobs }, t) => ({ ids, old: old[t]!, teacher: logprobs }));
}

/** Null, and one failure more, when the teacher fails; what is not an error of ours is no failure but thrown. */
async function ask(
  teacher: Scorer,
  call: CallToTeach,
  hint: number,
  request: SupportRequest,
  failures: ErrorRecord[],
): Promise<Answer | null> {
  try {
    const score = await scoreOne(teacher, { ...call, promptTokenIds: call.hintedPrompts[hint]! }, request);
    const wrong = wrongInAnswer(score, call, request);
    if (wrong !== null) throw new PolicyError(wrong, { code: "ERR_TEACHER_ANSWER" });
    return { ...score, hint };
  } catch (error) {
    if (!(error instanceof AfterstateError)) throw error;
    failures.push(toErrorRecord(error, error.boundary));
    return null;
  }
}

/** In words, or null. A teacher at the other end of a wire may answer anything. */
function wrongInAnswer(
  { logprobs, top, support }: SupportScore,
  { tokenIds }: CallToTeach,
  { topK = 0, supportIds = [[]] }: SupportRequest,
): string | null {
  const ranked = topK === 0 ? 0 : tokenIds.length;
  if (top.length !== ranked || support.length !== supportIds[0]!.length)
    return `a teacher speaks of ${top.length} and ${support.length} tokens; the call has ${tokenIds.length}`;
  const wrongs = [
    wrongLogprobs("teacher", logprobs, tokenIds.length),
    ...top.map(({ ids, logprobs }) => wrongSupport("teacher", ids, logprobs)),
    ...support.map((logprobs, t) => wrongSupport("teacher", supportIds[0]![t]!, logprobs)),
  ];
  return wrongs.find((wrong) => wrong !== null) ?? null;
}

async function scoreOne(model: Scorer, call: BranchCall, request: SupportRequest): Promise<SupportScore> {
  const { promptTokenIds, tokenIds, temperature = 1 } = call;
  const [score] = await model.scoreSupport([{ calls: [{ promptTokenIds, tokenIds, temperature }] }], request);
  return score!;
}
