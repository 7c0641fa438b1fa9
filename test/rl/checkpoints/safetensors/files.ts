/** Safetensors files made by hand, so that the reader is tested against the format and not against the writer. */
export function safetensorsBytes(header: unknown, data: Uint8Array | readonly number[]): Uint8Array {
  return withHeaderText(JSON.stringify(header), data);
}

export function withHeaderText(text: string, data: Uint8Array | readonly number[]): Uint8Array {
  const json = new TextEncoder().encode(text);
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  return Uint8Array.from([...length, ...json, ...data]);
}
