/** Which of the turns before a step a judge reads: some from the episode's start, some from right before the step. */
import type { EnvironmentDefinition } from "../core/env.ts";

type Kind = EnvironmentDefinition["kind"];

export interface HistoryWindow {
  readonly first: number;
  readonly last: number;
}

/** Source: OpenClaw-RL's terminal judge, which kept the first and last two turns, and its SWE judge, the last eight. */
const general: HistoryWindow = { first: 2, last: 2 };
const windows: Readonly<Record<Kind, HistoryWindow>> = {
  terminal: general,
  gui: general,
  toolcall: general,
  custom: general,
  swe: { first: 0, last: 8 },
};

/** Room for any kind: what is kept of an episode whose kind is not known yet. */
export const widestWindow: HistoryWindow = {
  first: Math.max(...Object.values(windows).map(({ first }) => first)),
  last: Math.max(...Object.values(windows).map(({ last }) => last)),
};

export interface History<Turn> {
  /** Oldest first. */
  readonly history: readonly Turn[];
  /** Turns left out after the first of them. */
  readonly omittedTurns: number;
}

/** @param kept the turns that `widestWindow` keeps. */
export function historyFor<Turn>(kind: Kind, { history: kept, omittedTurns }: History<Turn>): History<Turn> {
  const { first, last } = windows[kind];
  const history = [...kept.slice(0, first), ...kept.slice(Math.max(first, kept.length - last))];
  return { history, omittedTurns: omittedTurns + kept.length - history.length };
}
