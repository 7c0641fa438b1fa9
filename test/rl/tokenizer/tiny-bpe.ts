/** A byte-level BPE small enough to work out by hand: id = byte, then merges, then added tokens. */
import type { HuggingFaceTokenizerData } from "../../../src/rl/tokenizer/huggingface-tokenizer.ts";

/** GPT-2's spelling of a byte as a printable character. */
export function spell(byte: number): string {
  const printable = (b: number) => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174;
  if (printable(byte)) return String.fromCharCode(byte);
  let unprintable = 0;
  for (let b = 0; b < byte; b++) if (!printable(b)) unprintable++;
  return String.fromCharCode(256 + unprintable);
}

const merges = [
  ["h", "e"], // 256
  ["l", "l"], // 257
  ["he", "ll"], // 258
  ["hell", "o"], // 259
  ["Ġ", "w"], // 260
] as const;
const added = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<think>", "</think>", "<tool_response>"]; // 261 to 266

export const chatMl = `{%- if tools %}<|im_start|>system
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|im_end|>
{% endif %}{%- for message in messages %}
{%- if message.role == "tool" %}<|im_start|>user
<tool_response>{{ message.content }}<|im_end|>
{% else %}<|im_start|>{{ message.role }}
{{ message.content }}{% for call in message.tool_calls or [] %}{{ call.function.name }}{{ call.function.arguments | tojson }}{% endfor %}<|im_end|>
{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% if enable_thinking is false %}<think></think>{% endif %}{% endif %}`;

export function tinyBpe(change: Partial<HuggingFaceTokenizerData> = {}): HuggingFaceTokenizerData {
  const tokens = [...Array.from({ length: 256 }, (_, byte) => spell(byte)), ...merges.map((pair) => pair.join(""))];
  return {
    file: {
      added_tokens: added.map((content, i) => ({
        id: 261 + i,
        content,
        special: content.includes("|"),
        lstrip: false,
        rstrip: false,
        normalized: false,
        single_word: false,
      })),
      normalizer: null,
      pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: true },
      post_processor: { type: "ByteLevel", add_prefix_space: true, trim_offsets: false, use_regex: true },
      decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: {
        type: "BPE",
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: merges.map((pair) => pair.join(" ")),
      },
    },
    vocabSize: 272,
    bosId: null,
    eosIds: [263, 261],
    padId: 261,
    template: chatMl,
    ...change,
  };
}
