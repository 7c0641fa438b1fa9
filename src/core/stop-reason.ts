/**
 * Why an episode ended. A closed union: each value is documented here and nowhere else.
 * `terminated` endings belong to the task (the world reached an end); `truncated` endings are budgets and cancellations,
 * so a value function may bootstrap past them; `failed` endings are errors, and their episodes have no outcome.
 */
export const stopReasons = {
  /** The agent said that it is done (a submit action). */
  submitted: "terminated",
  /** The environment reached an end of its own (a game is won, a conversation is closed). */
  environment_ended: "terminated",
  /** The task's step budget is spent. */
  max_steps: "truncated",
  /** The episode's wall-clock budget is spent. */
  max_time: "truncated",
  /** The task's token budget is spent. */
  max_tokens: "truncated",
  /** The prompt no longer fits the policy's context. */
  context_overflow: "truncated",
  /** The task's cost budget is spent. */
  max_cost: "truncated",
  /** The run was cancelled (Ctrl-C, an aborted signal) while the episode was open. */
  cancelled: "truncated",
  /** The environment, its sandbox or its scorer failed. */
  environment_error: "failed",
  /** The policy failed, after its retries. */
  policy_error: "failed",
} as const satisfies Record<string, "terminated" | "truncated" | "failed">;

export type StopReason = keyof typeof stopReasons;
