// Making one costs more than most of what it does, so it is kept. It is made at its first use: importing touches nothing.
let encoder: TextEncoder | undefined;
let strictDecoder: TextDecoder | undefined;
let decoder: TextDecoder | undefined;

/** Returns the UTF-8 bytes of text. */
export function encodeText(text: string): Uint8Array<ArrayBuffer> {
  return (encoder ??= new TextEncoder()).encode(text);
}

/** Returns the text of UTF-8 bytes, to the letter; throws for what is no UTF-8. */
export function decodeText(bytes: Uint8Array): string {
  return (strictDecoder ??= new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })).decode(bytes);
}

/** Returns the text of bytes that are UTF-8. What is none becomes U+FFFD. */
export function decodeLoosely(bytes: Uint8Array): string {
  return (decoder ??= new TextDecoder("utf-8", { ignoreBOM: true })).decode(bytes);
}
