import assert from "node:assert/strict";
import { test } from "vitest";
import * as fc from "fast-check";
import { parseXml, textOf } from "../../../src/backends/s3/xml.ts";

test("what is read of a document is what stands in it, and nothing is followed", () => {
  const document = parseXml(
    '<?xml version="1.0"?>\n<a x="1"><b>1 &lt;&amp;&#x1f600;&#65;&quot;</b><c/><b>2</b></a>\n',
  )!;
  assert.equal(textOf(document, "b"), '1 <&\u{1f600}A"');
  assert.equal(textOf(document, "c"), "");
  const bad = ["", "x", "<a>", "</a>", "<a></b>", "<a/><b/>", "<a>&b;</a>", "<a>&</a>", "<a>&lt</a>", "<a>&#x110000;</a>", "<a><!-- --></a>",
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "<a><![CDATA[x]]></a>", "<a/>x", " <?xml ?><a/>", "<a>&constructor;</a>"]; // prettier-ignore
  for (const each of bad) assert.equal(parseXml(each), undefined, each);
  fc.assert(fc.property(fc.string(), (each) => void parseXml(each)));
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("<a>", "</a>", "<b/>", "&amp;", "&", "<", ">", "x", " ", '<a b="c">')),
      (parts) => {
        parseXml(parts.join(""));
      },
    ),
  );
});
