import { writeDocsPage } from "./openapi/page.ts";
import { isRead, readTarget } from "./server/request.ts";
import { writeDocument } from "./openapi/document.ts";
import { jsonType } from "./wire/json.ts";

/** A text as it is sent. */
interface Page {
  readonly type: string;
  readonly text: string;
  readonly policy: string;
}

const pages: Readonly<Record<string, () => Promise<Page>>> = {
  "openapi.json": async () => ({ type: jsonType, text: JSON.stringify(writeDocument()), policy: "default-src 'none'" }),
  async docs() {
    const { text, style } = writeDocsPage(writeDocument());
    const policy = `default-src 'none'; style-src '${await digest(style)}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`; // prettier-ignore
    return { type: "text/html; charset=utf-8", text, policy };
  },
};

/**
 * Returns an answer that describes itself besides: beside the resources of a handler stand `openapi.json`, a document that
 * programs read, and `docs`, the same for people. Both are open to everyone, as they have nothing of what is stored.
 *
 * @example Serves the document that describes the wire.
 * ```ts
 * import { memory } from "shelflife";
 * import { docs } from "shelflife/http/docs";
 * import { handler } from "shelflife/http/handler";
 *
 * const answer = docs(handler(memory(), { base: "/store" }));
 * const response = await answer(new Request("https://app.example/store/openapi.json"));
 * console.log(response.status, (await response.json()).openapi.slice(0, 2)); // 200 3.
 * ```
 */
export function docs(next: (request: Request) => Promise<Response>): (request: Request) => Promise<Response> {
  const made = new Map<string, Promise<Page & { readonly etag: string }>>();

  async function make(name: string): Promise<Page & { readonly etag: string }> {
    const page = await pages[name]!();
    return { ...page, etag: `"${await digest(page.text)}"` };
  }

  return async (request) => {
    const { resource } = readTarget(request.url, undefined);
    if (!isRead(request) || !Object.hasOwn(pages, resource)) return next(request);
    if (!made.has(resource)) made.set(resource, make(resource));
    const { type, text, policy, etag } = await made.get(resource)!;
    const isKnown = request.headers.get("if-none-match")?.includes(etag);
    return new Response(isKnown || request.method === "HEAD" ? null : text, {
      status: isKnown ? 304 : 200,
      headers: {
        "cache-control": "no-cache",
        "content-security-policy": policy,
        "content-type": type,
        etag,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
      },
    });
  };
}

/** Returns the SHA-256 of a text as a policy names it. */
async function digest(text: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(hash)))}`;
}
