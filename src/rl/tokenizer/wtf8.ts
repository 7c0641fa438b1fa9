/** UTF-8 that also holds lone surrogates (WTF-8, https://simonsapin.github.io/wtf-8), so that any string survives. */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function toWtf8(text: string): Uint8Array {
  if (!/\p{Cs}/u.test(text)) return encoder.encode(text);
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code >= 0xd800 && code <= 0xdfff) bytes.push(0xed, 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f));
    else bytes.push(...encoder.encode(character));
  }
  return Uint8Array.from(bytes);
}

/** Malformed bytes, which a policy may well sample, become replacement characters. */
export function fromWtf8(bytes: readonly number[]): string {
  let text = "";
  let from = 0;
  for (let i = 0; i + 2 < bytes.length; i++) {
    const lone = bytes[i] === 0xed && bytes[i + 1]! >= 0xa0 && bytes[i + 1]! <= 0xbf && (bytes[i + 2]! & 0xc0) === 0x80;
    if (!lone) continue;
    text += decoder.decode(Uint8Array.from(bytes.slice(from, i)));
    text += String.fromCharCode(0xd000 | ((bytes[i + 1]! & 0x3f) << 6) | (bytes[i + 2]! & 0x3f));
    from = i + 3;
    i += 2;
  }
  return text + decoder.decode(Uint8Array.from(bytes.slice(from)));
}
