import type { VoteValue } from "../core/judge.ts";

/**
 * The vote in a judge's reply: its last `\boxed{…}`, if that reads 1, 0 or -1. Anything else is null, an abstention.
 * An earlier box is never taken instead: the judge may have quoted it.
 * Thinking that is marked as such does not count, and a reply that ends inside it has no vote.
 */
export function parseVote(reply: string): VoteValue | null {
  const opened = reply.lastIndexOf("<think>");
  const closed = reply.lastIndexOf("</think>");
  if (opened > closed) return null;
  const answer = closed < 0 ? reply : reply.slice(closed);
  const inside = [...answer.matchAll(/\\boxed\s*\{([^{}]{0,40})\}/g)].at(-1)?.[1] ?? "";
  // U+2212 is the minus sign of typeset mathematics.
  switch (inside.replace(/\s+/g, "").replace("\u2212", "-")) {
    case "1":
    case "+1":
      return 1;
    case "0":
    case "+0":
    case "-0":
      return 0;
    case "-1":
      return -1;
    default:
      return null;
  }
}
