/**
 * Keeps what a template writes apart from what it is given to write.
 *
 * A chat template puts special tokens and messages into one string, and only then is the string cut into tokens: a tool's
 * output that holds "<|im_end|>" would end its own message. So each text that could spell a special token, in full or
 * together with what stands beside it, gets a marker inside; after the template has run, the tokens that are still whole
 * are the template's own, and the markers are taken out of the rest, which is ordinary text.
 */
import { TrainerError } from "../../core/errors.ts";

const firstPrivate = 0xe000;
const lastPrivate = 0xf8ff;

/** A character that occurs in none of them. @throws TrainerError ERR_CHAT_TEMPLATE */
export function freeMarker(texts: readonly string[]): string {
  const used = new Set(texts.flatMap((text) => text.match(/[\ue000-\uf8ff]/g) ?? []));
  for (let code = firstPrivate; code <= lastPrivate; code++) {
    const marker = String.fromCharCode(code);
    if (!used.has(marker)) return marker;
  }
  throw new TrainerError("messages use every private character there is", { code: "ERR_CHAT_TEMPLATE" });
}

/** `text` with a marker inside of every token that it holds, begins in, ends in, or is a part of. */
export function guard(text: string, tokens: readonly string[], marker: string): string {
  const cuts = new Set(tokens.flatMap((token) => cutsOf(text, token)));
  if (cuts.size === 0) return text;
  let guarded = "";
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    guarded += text.slice(from, cut) + marker;
    from = cut;
  }
  return guarded + text.slice(from);
}

/** `guard`, only against tokens that the text holds in full: for names that a template looks up. */
export function guardWhole(text: string, tokens: readonly string[], marker: string): string {
  return tokens.some((token) => text.includes(token)) ? guard(text, tokens, marker) : text;
}

function cutsOf(text: string, token: string): number[] {
  const cuts: number[] = [];
  if (text === "") return cuts;
  for (let at = text.indexOf(token); at >= 0; at = text.indexOf(token, at + 1)) cuts.push(at + 1);
  const longest = Math.min(token.length - 1, text.length);
  for (let length = 1; length <= longest; length++) {
    if (text.endsWith(token.slice(0, length))) cuts.push(text.length - length + 1);
    if (text.startsWith(token.slice(-length))) cuts.push(length - 1);
  }
  if (text.length < token.length && token.includes(text)) cuts.push(1);
  return cuts;
}
