import type { EncodedOptions } from "../../src/views/encoded.ts";
import { text } from "./bytes.ts";

/** JSON as a codec of `encoded`. */
export const plain: EncodedOptions<any> = {
  encode: (value) => JSON.stringify(value),
  decode: (bytes) => JSON.parse(text(bytes)!) as unknown,
};

/** The same, which takes its time. */
export const slow: EncodedOptions<any> = {
  encode: async (value) => JSON.stringify(value),
  decode: async (bytes) => JSON.parse(text(bytes)!) as unknown,
};
