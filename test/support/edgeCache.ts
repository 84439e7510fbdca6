/**
 * Answers as the service that the Cache of workerd asks: PUT has a whole HTTP response for a body, GET returns it until it is
 * no longer fresh, PURGE removes it.
 */
export function edgeCacheServer(): (request: Request) => Promise<Response> {
  const kept = new Map<string, { body: Uint8Array<ArrayBuffer>; headers: [string, string][]; until: number }>();
  return async (request) => {
    const { pathname, search } = new URL(request.url);
    const id = [request.headers.get("cf-cache-namespace"), request.headers.get("host"), pathname, search].join(" ");
    if (request.method === "PUT") {
      const bytes = Buffer.from(await request.arrayBuffer());
      const end = bytes.indexOf("\r\n\r\n");
      const lines = bytes.subarray(0, end).toString("latin1").split("\r\n").slice(1);
      const headers = lines.map((line): [string, string] => {
        const at = line.indexOf(":");
        return [line.slice(0, at), line.slice(at + 1).trim()];
      });
      const control = headers.find(([name]) => name.toLowerCase() === "cache-control")?.[1] ?? "";
      const seconds = Number(/max-age=(\d+)/.exec(control)?.[1] ?? 0);
      const chunked = headers.some(([name, value]) => /^transfer-encoding$/i.test(name) && /chunked/i.test(value));
      const body = new Uint8Array(chunked ? unchunk(bytes.subarray(end + 4)) : bytes.subarray(end + 4));
      const until = Date.now() + seconds * 1000;
      kept.set(id, {
        body,
        headers: headers.filter(([name]) => !/^(transfer-encoding|content-length)$/i.test(name)),
        until,
      });
      return new Response(null, { status: 204 });
    }
    if (request.method === "PURGE") return new Response(null, { status: kept.delete(id) ? 200 : 404 });
    const found = kept.get(id);
    if (!found || found.until <= Date.now()) {
      return new Response(null, { status: 504, headers: { "cf-cache-status": "MISS" } });
    }
    return new Response(found.body, { headers: [...found.headers, ["cf-cache-status", "HIT"]] });
  };
}

/** The bytes of a body that is sent in chunks. */
function unchunk(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf("\r\n", at);
    const length = Number.parseInt(bytes.subarray(at, end).toString(), 16);
    if (!length) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
