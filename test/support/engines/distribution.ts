/** A model of four tokens whose next token never depends on anything, worked out in float64 apart from src/. */
export const logits = [2, 1, -0.5, -3] as const;
/** What it "samples", the end token 3 included. */
export const completion = [1, 0, 3] as const;
export const texts = ["a", "b", "c", ""] as const;

export interface Cut {
  readonly temperature: number;
  readonly topK?: number;
}

/** log p of every token, after temperature and top-k; -Infinity where it was cut. */
export function distribution({ temperature, topK = logits.length }: Cut): number[] {
  const scaled = logits.map((logit, id) => (id < topK ? logit / temperature : Number.NEGATIVE_INFINITY));
  const norm = Math.log(scaled.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return scaled.map((logit) => logit - norm);
}
