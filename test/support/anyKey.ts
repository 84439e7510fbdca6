import * as fc from "fast-check";
import { utf8 } from "./bytes.ts";

/** Any key: of text, of any code points, or of what has a meaning in a path. */
export const anyKey: fc.Arbitrary<string> = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
    fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(".", "/", "!", "2", "f", "a", "-", "\0", "é"), minLength: 1, maxLength: 300 }),
  )
  .filter((each) => !/\p{Cs}/u.test(each) && utf8(each).length <= 1024);
