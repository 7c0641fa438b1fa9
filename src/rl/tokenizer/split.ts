/** Cuts text into the pieces that vocabularies are made of; joined, they are the text again. */

/**
 * In this order: a run of letters, up to four digits, a run of one repeated punctuation character with at most one space
 * before it; else one single character. Names such as "build_12.log" fall into parts of a small lexicon, which is what
 * lets a small policy handle names it has never seen. A word never carries a space: it is the same token after a space
 * and after a slash, so that it can be copied from the one place to the other.
 */
const piece = /\p{L}+|\p{N}{1,4}| ?([^\p{L}\p{N}\s])\1*|[^]/gu;

/** Every character of `text` is in exactly one piece, lone surrogates included. */
export function splitText(text: string): string[] {
  return text.match(piece) ?? [];
}
