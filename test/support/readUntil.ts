import assert from "node:assert/strict";

/** Reads a stream until it has said something. */
export async function readUntil(response: Response, end: string): Promise<string> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let read = "";
  while (!read.includes(end)) {
    const { value, done } = await reader.read();
    assert.ok(!done, `the stream ended after ${JSON.stringify(read)}, before ${end}`);
    read += value;
  }
  await reader.cancel();
  return read;
}
