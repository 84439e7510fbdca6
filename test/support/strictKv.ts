import type { KvNamespaceLike, KvPage } from "../../src/adapters/cloudflareKv.ts";

/** A refusal of Cloudflare KV. */
export class KvRefusal extends Error {}

interface Kept {
  readonly value: Uint8Array<ArrayBuffer>;
  readonly metadata: string | undefined;
  /** Epoch ms. */
  readonly expiresAt: number;
}

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

function refuseUnless(isRight: unknown, what: string): asserts isRight {
  if (!isRight) throw new KvRefusal(what);
}

/** By UTF-8 bytes, as the names of a listing are sorted. */
function compare(a: string, b: string): number {
  return Buffer.compare(utf8(a), utf8(b));
}

/**
 * Returns a namespace in memory, that takes and refuses what Cloudflare's documentation says, and has the clock of the machine: names of 512 bytes, lifetimes
 * of 60 s and more, metadata of 1,024 bytes, values of 25 MiB, pages of 1,000.
 */
export function strictKv(now: () => number = () => Date.now()): KvNamespaceLike & { readonly kept: Map<string, Kept> } {
  const kept = new Map<string, Kept>();
  const cursors = new Map<string, string>();

  function checkName(name: unknown): string {
    refuseUnless(typeof name === "string" && name !== "", "Key name cannot be empty.");
    refuseUnless(name !== "." && name !== "..", `"${name}" is not allowed as a key name.`);
    refuseUnless(
      utf8(name).length <= 512,
      `UTF-8 encoded length of ${utf8(name).length} exceeds key length limit of 512.`,
    );
    return name;
  }

  const live = (name: string): Kept | undefined => {
    const found = kept.get(name);
    return found && found.expiresAt > now() ? found : undefined;
  };

  return {
    kept,
    async getWithMetadata(name, type) {
      const found = live(checkName(name));
      if (!found) return { value: null, metadata: null };
      const metadata = found.metadata === undefined ? null : JSON.parse(found.metadata);
      const { buffer } = found.value.slice();
      return { value: type === "stream" ? new Response(buffer).body : buffer, metadata };
    },
    async put(name, value: Uint8Array<ArrayBuffer>, { expirationTtl, metadata } = {}) {
      refuseUnless(value.length <= 26_214_400, `413 Value length of ${value.length} exceeds limit of 26214400.`);
      const isLifetime = expirationTtl === undefined || (Number.isInteger(expirationTtl) && expirationTtl >= 60);
      refuseUnless(isLifetime, `400 Invalid expiration_ttl of ${expirationTtl}. Expiration TTL must be at least 60.`);
      const text = metadata === undefined ? undefined : JSON.stringify(metadata);
      refuseUnless((text?.length ?? 0) <= 1024, `413 Metadata length of ${text?.length} exceeds limit of 1024.`);
      const expiresAt = expirationTtl === undefined ? Infinity : now() + expirationTtl * 1000;
      kept.set(checkName(name), { value: value.slice(), metadata: text, expiresAt });
    },
    async delete(name) {
      kept.delete(checkName(name));
    },
    async list({ prefix = "", limit = 1000, cursor } = {}): Promise<KvPage> {
      refuseUnless(limit >= 1 && limit <= 1000, `400 Invalid key_count_limit of ${limit}.`);
      refuseUnless(cursor === undefined || cursors.has(cursor), "400 Invalid cursor.");
      const after = cursor === undefined ? "" : cursors.get(cursor)!;
      const names = [...kept.keys()]
        .filter((name) => name.startsWith(prefix) && live(name) && (after === "" || compare(name, after) > 0))
        .sort(compare);
      const keys = names.slice(0, limit).map((name) => {
        const { metadata } = kept.get(name)!;
        return metadata === undefined ? { name } : { name, metadata: JSON.parse(metadata) };
      });
      if (names.length <= limit) return { keys, list_complete: true };
      const next = crypto.randomUUID();
      cursors.set(next, keys.at(-1)!.name);
      return { keys, list_complete: false, cursor: next };
    },
  };
}

/** Answers as the service that a KV binding of workerd asks. */
export function strictKvServer(): (request: Request) => Promise<Response> {
  const kv = strictKv();
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    const name = decodeURIComponent(pathname.slice(1));
    const number = (key: string): number | undefined =>
      searchParams.has(key) ? Number(searchParams.get(key)) : undefined;
    try {
      if (request.method === "PUT") {
        const metadata = request.headers.get("cf-kv-metadata");
        const expirationTtl = number("expiration_ttl");
        await kv.put(name, new Uint8Array(await request.arrayBuffer()), {
          ...(expirationTtl === undefined ? {} : { expirationTtl }),
          ...(metadata === null ? {} : { metadata: JSON.parse(metadata) }),
        });
        return new Response();
      }
      if (request.method === "DELETE") {
        await kv.delete(name);
        return new Response();
      }
      if (name === "") {
        const cursor = searchParams.get("cursor") || undefined;
        const limit = number("key_count_limit");
        const prefix = searchParams.get("prefix") ?? "";
        const page = await kv.list({ prefix, ...(limit && { limit }), ...(cursor && { cursor }) });
        return Response.json(page);
      }
      const { value, metadata } = await kv.getWithMetadata(name, "arrayBuffer");
      if (value === null) return new Response(null, { status: 404 });
      return new Response(value, { headers: metadata ? { "cf-kv-metadata": JSON.stringify(metadata) } : {} });
    } catch (error) {
      if (!(error instanceof KvRefusal)) throw error;
      return new Response(error.message, { status: Number(/^\d{3}/.exec(error.message)?.[0] ?? 400) });
    }
  };
}
