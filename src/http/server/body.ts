/** Returns an answer with another body. */
export function withBody(response: Response, body: BodyInit | null, headers: Headers = response.headers): Response {
  return new Response(body, { status: response.status, statusText: response.statusText, headers });
}

/** Returns the length that headers announce of a body. */
export function lengthOf(headers: Headers): number | undefined {
  const text = headers.get("content-length");
  return text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
}
