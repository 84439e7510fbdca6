import assert from "node:assert/strict";

/** Asserts that an answer is a problem document with a status and a code, and returns it. */
export async function problem(
  answer: Response | Promise<Response>,
  status: number,
  code: string,
): Promise<Record<string, unknown>> {
  const response = await answer;
  const document = (await response.json()) as Record<string, unknown>;
  assert.deepEqual([response.status, document.status, document.code], [status, status, code], JSON.stringify(document));
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.equal(response.headers.get("shelflife"), code);
  assert.equal(typeof document.detail, "string");
  return document;
}
