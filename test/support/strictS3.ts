import { createHash, createHmac } from "node:crypto";

/** A bucket of S3 in memory, as its public API description has it, and unforgiving about it. */
export interface StrictS3 {
  /** Answers a request as the service would. */
  fetch(request: Request): Promise<Response>;
  /** What is in the bucket, by name. */
  readonly objects: Map<string, StrictObject>;
  /** Each request so far, as "METHOD name". */
  readonly requests: string[];
}

export interface StrictObject {
  readonly body: Uint8Array;
  readonly etag: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface StrictOptions {
  bucketName?: string;
  accessKeyId?: string;
  secretAccessKey?: string;
  /** Expected with every request, if there is one. */
  sessionToken?: string;
  region?: string;
  /** Whether conditions of a PUT, and those of a DELETE, are heeded: some services do not. @default true */
  putsIf?: boolean;
  deletesIf?: boolean;
}

export const strictCredentials = { accessKeyId: "AKIDSTRICT", secretAccessKey: "secret/of+the=strict" };

const emptyHash = hex("");
const skew = 15 * 60_000;

/** Returns a bucket that exists and is empty. */
export function strictS3(options: StrictOptions = {}): StrictS3 {
  const { bucketName = "bucket", putsIf = true, deletesIf = true } = options;
  const objects = new Map<string, StrictObject>();
  const requests: string[] = [];

  function answer(request: Request, name: string, query: URLSearchParams, body: Uint8Array): Response {
    const { method, headers } = request;
    if (name === "") return method === "GET" ? list(query) : refuse(405, "MethodNotAllowed");
    if (Buffer.byteLength(name) > 1024) return refuse(400, "KeyTooLongError");
    const found = objects.get(name);
    const wanted = headers.get("if-match");
    const isOther = wanted !== null && wanted !== "*" && wanted !== found?.etag;
    switch (method) {
      case "GET":
      case "HEAD": {
        if (!found) return refuse(404, "NoSuchKey", method);
        const { body, etag } = found;
        const length = { "content-length": `${body.length}` };
        return new Response(method === "HEAD" ? null : new Uint8Array(body), {
          headers: { ...found.headers, ...length, etag, "accept-ranges": "bytes" },
        });
      }
      case "PUT": {
        if (putsIf && headers.get("if-none-match") === "*" && found) return refuse(412, "PreconditionFailed");
        if (putsIf && wanted !== null && !found) return refuse(404, "NoSuchKey");
        if (putsIf && isOther) return refuse(412, "PreconditionFailed");
        const meta = Object.fromEntries([...headers].filter(([header]) => header.startsWith("x-amz-meta-")));
        const size = Object.entries(meta).reduce((sum, [key, value]) => sum + key.length - 11 + value.length, 0);
        if (size > 2048) return refuse(400, "MetadataTooLarge");
        const etag = `"${createHash("md5").update(body).digest("hex")}"`;
        const type = headers.get("content-type") ?? "binary/octet-stream";
        objects.set(name, { body, etag, headers: { ...meta, "content-type": type } });
        return new Response(null, { headers: { etag, "content-length": "0" } });
      }
      case "DELETE":
        if (deletesIf && wanted !== null && !found) return refuse(404, "NoSuchKey");
        if (deletesIf && isOther) return refuse(412, "PreconditionFailed");
        objects.delete(name);
        return new Response(null, { status: 204 });
      default:
        return refuse(405, "MethodNotAllowed");
    }
  }

  function list(query: URLSearchParams): Response {
    if (query.get("list-type") !== "2") return refuse(501, "NotImplemented");
    const prefix = query.get("prefix") ?? "";
    const after = query.get("start-after") ?? "";
    const limit = Math.min(1000, Number(query.get("max-keys") ?? 1000));
    const isUrl = query.get("encoding-type") === "url";
    const names = [...objects.keys()]
      .filter((name) => name.startsWith(prefix) && Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0)
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const show = (name: string): string => (isUrl ? encodeURIComponent(name).replaceAll("%2F", "/") : escape(name));
    const lines = names.slice(0, limit).map((name) => {
      const { etag, body } = objects.get(name)!;
      return `<Contents><Key>${show(name)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>${escape(etag)}</ETag><Size>${body.length}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
    });
    const head = `<Name>${bucketName}</Name><Prefix>${show(prefix)}</Prefix><MaxKeys>${limit}</MaxKeys>${isUrl ? "<EncodingType>url</EncodingType>" : ""}`;
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${head}<KeyCount>${lines.length}</KeyCount><IsTruncated>${names.length > limit}</IsTruncated>${lines.join("")}</ListBucketResult>`;
    return new Response(text, { headers: { "content-type": "application/xml" } });
  }

  return {
    objects,
    requests,
    async fetch(request) {
      const url = new URL(request.url);
      const body = new Uint8Array(await request.arrayBuffer());
      // Others may come before, as they may in a service.
      if (Math.random() < 0.3) await new Promise((resolve) => setTimeout(resolve, 1));
      const isHost = url.host.startsWith(`${bucketName}.`);
      const [, bucket, name] = isHost
        ? [0, bucketName, url.pathname.slice(1)]
        : /^\/([^/]*)\/?(.*)$/s.exec(url.pathname)!;
      const problem = verify(request, url, body, options);
      requests.push(`${request.method} ${decodeURIComponent(name)}`);
      if (problem) return problem;
      if (bucket !== bucketName) return refuse(404, "NoSuchBucket", request.method);
      return answer(request, decodeURIComponent(name), url.searchParams, body);
    },
  };
}

/** Serves a bucket for each name that is asked for, in the path. */
export function strictS3Server(): (request: Request) => Promise<Response> {
  const buckets = new Map<string, StrictS3>();
  return (request) => {
    const bucketName = new URL(request.url).pathname.split("/", 2)[1]!;
    const bucket = buckets.get(bucketName) ?? strictS3({ bucketName });
    buckets.set(bucketName, bucket);
    return bucket.fetch(request);
  };
}

/** Verifies a signature, version 4, by the description of it. Returns what is wrong. */
function verify(request: Request, url: URL, body: Uint8Array, options: StrictOptions): Response | undefined {
  const { accessKeyId, secretAccessKey, sessionToken, region = "us-east-1" } = { ...strictCredentials, ...options };
  const { method, headers } = request;
  const [, id, day, where, signedNames, signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([\w;-]+), Signature=([0-9a-f]{64})$/.exec(
      headers.get("authorization") ?? "",
    ) ?? [];
  if (!id) return refuse(403, "AccessDenied", method);
  if (id !== accessKeyId) return refuse(403, "InvalidAccessKeyId", method);
  if (where !== region) return refuse(400, "AuthorizationHeaderMalformed", method, { "x-amz-bucket-region": region });
  if ((headers.get("x-amz-security-token") ?? undefined) !== sessionToken) return refuse(400, "InvalidToken", method);
  const date = headers.get("x-amz-date") ?? "";
  const time = Date.parse(date.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5"));
  if (!(Math.abs(Date.now() - time) < skew) || !date.startsWith(day!))
    return refuse(403, "RequestTimeTooSkewed", method);
  const sha256 = headers.get("x-amz-content-sha256");
  if (sha256 !== (body.length ? hex(body) : emptyHash)) return refuse(400, "XAmzContentSHA256Mismatch", method);
  const names = signedNames!.split(";");
  const needed = ["host", ...[...headers.keys()].filter((name) => name.startsWith("x-amz-"))];
  if (needed.some((name) => !names.includes(name))) return refuse(403, "AccessDenied", method);
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
  const canonical = [
    method,
    url.pathname
      .split("/")
      .map((part) => encode(decodeURIComponent(part)))
      .join("/"),
    [...url.searchParams]
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join("&"),
    ...names.map((name) => `${name}:${(name === "host" ? url.host : (headers.get(name) ?? "")).trim()}`),
    "",
    names.join(";"),
    sha256,
  ].join("\n");
  const scope = `${day}/${where}/s3/aws4_request`;
  const key = [String(day), String(where), "s3", "aws4_request"].reduce<Buffer | string>(
    (previous, part) => createHmac("sha256", previous).update(part).digest(),
    `AWS4${secretAccessKey}`,
  );
  const expected = createHmac("sha256", key)
    .update(["AWS4-HMAC-SHA256", date, scope, hex(canonical)].join("\n"))
    .digest("hex");
  return signature === expected ? undefined : refuse(403, "SignatureDoesNotMatch", method);
}

/** An error as S3 writes it. */
export function refuse(status: number, code: string, method = "GET", headers: Record<string, string> = {}): Response {
  const document = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>It&apos;s ${code} &amp; no more</Message><RequestId>1</RequestId></Error>`;
  return new Response(method === "HEAD" ? null : document, {
    status,
    headers: { "content-type": "application/xml", ...headers },
  });
}

function hex(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
