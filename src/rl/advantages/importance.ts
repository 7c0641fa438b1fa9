/**
 * The correction for samples of another policy than the one that is updated (older weights, another engine), in float64.
 *
 * Uncorrected by this file, PPO-clip takes its ratio against the behaviour policy b as recorded, and its trust region lies
 * around b: a sample that is stale enough is clipped away whole. Decoupled, the ratio and the clip are against the
 * proximal policy q, which the trainer recomputes before the update, and b enters as a constant weight alone:
 *   w * max(-r A, -clip(r) A), r = pi / q, w = min(q / b, cap)
 * A weight that is never negative may as well scale the advantage: w max(-r A, -clip(r) A) = max(-r (wA), -clip(r) (wA)).
 *
 * Sources: decoupled PPO, arXiv:2110.00641 §3, taken to language models by AReaL, arXiv:2505.24298 §5.2, which leaves
 * tokens above its cap out; the truncation is Ionides 2008, taken to rollout engines by Yao et al. 2025, "Your efficient
 * RL framework secretly brings you off-policy RL training", with 2 as the usual cap.
 */

/**
 * min(exp(log q - log b), cap) for each token.
 *
 * @param proximal [T] log-probabilities of the taken tokens, under the policy before this update.
 * @param behaviour [T] the same as recorded at sampling.
 * @param cap above 0.
 */
export function truncatedWeights(proximal: readonly number[], behaviour: readonly number[], cap: number): number[] {
  return proximal.map((logprob, t) => Math.min(Math.exp(logprob - behaviour[t]!), cap));
}
