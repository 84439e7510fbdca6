import assert from "node:assert/strict";
import { test } from "vitest";
import * as fc from "fast-check";
import { s3, s3Factory, type S3Options } from "../../src/backends/s3.ts";
import { createNames } from "../../src/backends/s3/names.ts";
import { readMeta, seal, unseal, metaHeader } from "../../src/backends/s3/object.ts";
import { parseXml, textOf } from "../../src/backends/s3/xml.ts";
import type { Store } from "../../src/core/contract.ts";
import { isStoreError, type StoreErrorCode } from "../../src/core/error.ts";
import type { Feature, Subject } from "../../src/testing/case.ts";
import { cases } from "../../src/testing/cases.ts";
import { createClock } from "../../src/testing/clock.ts";
import { casesFor, prove } from "../../src/testing/prove.ts";
import { refuse, strictCredentials, strictS3, type StrictOptions, type StrictS3 } from "../support/strictS3.ts";

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const text = (value: Uint8Array | undefined): string | undefined => value && new TextDecoder().decode(value);
const endpoint = "http://s3.test";

type Send = (request: Request) => Promise<Response>;
type Between = (request: Request, send: Send, count: number) => Response | Promise<Response>;

/** Opens a store in a strict bucket, with something between the two. */
function open(bucket: StrictS3, between?: Between, options: Partial<S3Options> = {}): Store {
  let count = 0;
  return s3({
    bucketName: "bucket",
    endpoint,
    ...strictCredentials,
    fetch: async (url, init) => {
      const request = new Request(url, init);
      return between ? between(request, bucket.fetch, count++) : bucket.fetch(request);
    },
    ...options,
  });
}

const isValue = (request: Request): boolean => new URL(request.url).pathname.includes("/v/");

/** Lets something happen to the first requests of that method about a value. */
function first(method: string, fault: Between, times = 1): Between {
  let left = times;
  return (request, send, count) =>
    request.method === method && isValue(request) && left-- > 0 ? fault(request, send, count) : send(request);
}

async function rejects(work: Promise<unknown>, code: StoreErrorCode, message?: RegExp): Promise<void> {
  await assert.rejects(work, (error: Error) => {
    assert.ok(isStoreError(error, code), `${code} expected, got ${String(error)}`);
    if (message) assert.match(error.message, message);
    for (let each: unknown = error; each instanceof Error; each = each.cause) {
      assert.ok(!`${each.message}${each.stack}`.includes(strictCredentials.secretAccessKey));
    }
    return true;
  });
}

// ------------------------------------------------------------------------------------------------ the contract

const can: readonly Feature[] = ["atomic", "list", "sweep", "bytes", "shared", "persistent"];

function subject(name: string, options: StrictOptions): Subject {
  const media = new Map<string, StrictS3>();
  return {
    name,
    can,
    rounds: 20,
    open(medium, each) {
      if (!media.has(medium)) media.set(medium, strictS3(options));
      return open(media.get(medium)!, undefined, each);
    },
  };
}

// All the Cases run on a service that heeds both, on every runtime, and on a real one, in steps of their own. Here are those
// in which it matters that a DELETE heeds no condition.
const heedless = subject("s3 where a DELETE heeds no condition", { deletesIf: false });
for (const each of casesFor(cases, heedless)) {
  const { name, needs } = each;
  if (needs?.includes("atomic") || needs?.includes("sweep"))
    test(`${heedless.name}: ${name}`, () => prove(each, heedless));
}

test("where a PUT heeds no condition, atomic calls say so, and the others work", async () => {
  const bucket = strictS3({ putsIf: false, deletesIf: false });
  const store = open(bucket);
  await rejects(store.increment("n"), "unsupported", /If-Match/);
  await rejects(store.setIfAbsent("a", bytes("x")), "unsupported");
  await store.set("a", bytes("x"));
  assert.equal(text(await store.find("a")), "x");
  await store.delete("a");
  await rejects(store.delete("a"), "not-found");
  assert.deepEqual([...bucket.objects.keys()], []);
});

test("a watch is refused", async () => {
  await rejects(open(strictS3()).watch().next(), "unsupported");
});

// ------------------------------------------------------------------------------------------------ configuration

test("every problem is told at once, and no secret", () => {
  const wrong = {
    bucketName: "A_b",
    pathStyle: "yes",
    endpoint: "https://user:hidden@host",
    region: "",
    secretAccessKey: "hidden\n",
    sessionToken: "hid den",
    prefix: "/a",
    timeout: 0,
    attempts: 0,
    fetch: 1,
    surplus: 1,
  };
  assert.throws(
    () => s3Factory.valid(wrong),
    (error: Error) => {
      assert.ok(isStoreError(error, "bad-config"));
      for (const name of [...Object.keys(wrong), "accessKeyId"]) assert.match(error.message, new RegExp(`"${name}"`));
      assert.doesNotMatch(error.message, /hid/);
      return true;
    },
  );
  for (const prefix of ["..", "a/../b", "./a", "a//b", "/", "a".repeat(513), "a b", "ü"]) {
    assert.throws(() => s3Factory.valid({ bucketName: "bucket", prefix }), /"prefix"/, prefix);
  }
  for (const prefix of ["", "a", "a/", "a/b.c/d-", ".a", "a".repeat(512)]) {
    s3Factory.valid({ bucketName: "bucket", prefix });
  }
});

test("without keys of its own a store takes those of the environment", async () => {
  const names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"];
  const before = names.map((name) => [name, process.env[name]] as const);
  for (const name of names) delete process.env[name];
  try {
    assert.throws(() => s3({ bucketName: "bucket" }), /AWS_ACCESS_KEY_ID/);
    process.env.AWS_ACCESS_KEY_ID = strictCredentials.accessKeyId;
    process.env.AWS_SECRET_ACCESS_KEY = strictCredentials.secretAccessKey;
    process.env.AWS_SESSION_TOKEN = "token+/=";
    process.env.AWS_REGION = "eu-north-1";
    const bucket = strictS3({ region: "eu-north-1", sessionToken: "token+/=" });
    const store = s3({ bucketName: "bucket", endpoint, fetch: (url, init) => bucket.fetch(new Request(url, init)) });
    await store.set("a", bytes("x"));
    assert.equal(text(await store.get("a")), "x");
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
});

test("the bucket is named in the host or in the path", async () => {
  const addresses: [Partial<S3Options>, string][] = [
    [{}, "http://s3.test/bucket/"],
    [{ pathStyle: false }, "http://bucket.s3.test/"],
    [{ endpoint: "http://s3.test:9/" }, "http://s3.test:9/bucket/"],
    [{ endpoint: undefined }, "https://bucket.s3.us-east-1.amazonaws.com/"],
    [{ endpoint: undefined, region: "cn-north-1" }, "https://bucket.s3.cn-north-1.amazonaws.com.cn/"],
    [{ endpoint: undefined, pathStyle: true }, "https://s3.us-east-1.amazonaws.com/bucket/"],
    [{ endpoint: undefined, bucketName: "my.bucket" }, "https://s3.us-east-1.amazonaws.com/my.bucket/"],
  ];
  for (const [options, address] of addresses) {
    const { region = "us-east-1", bucketName = "bucket" } = options;
    const bucket = strictS3({ region, bucketName });
    let url = "";
    const store = open(
      bucket,
      (request, send) => {
        url = request.url;
        return send(request);
      },
      options,
    );
    await store.set("a/b c+d", bytes("x"));
    assert.equal(url, `${address}v/a!2fb!20c!2bd`);
    assert.equal(text(await store.get("a/b c+d")), "x");
  }
});

// ------------------------------------------------------------------------------------------------ names and objects

const key = fc
  .oneof(
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
    fc.string({ unit: "binary", minLength: 1, maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(".", "/", "!", "2", "f", "a", "-", "\0", "é"), minLength: 1, maxLength: 300 }),
  )
  .filter((each) => !/\p{Cs}/u.test(each) && bytes(each).length <= 1024);

test("different keys have different names, which are plain and tell the key or a part of it", async () => {
  const { ofKey, keyOf, ofPrefix } = createNames("some/prefix/");
  const seen = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(key, fc.nat(300), async (each, length) => {
      const name = await ofKey(each);
      assert.match(name, /^some\/prefix\/v\/[\w!-][\w.!-]{0,199}$/);
      assert.equal(seen.get(name) ?? each, each);
      seen.set(name, each);
      assert.ok([each, undefined].includes(keyOf(name)));
      assert.equal(keyOf(name) === undefined, name.includes("!!"));
      const prefix = Array.from(each).slice(0, length).join("");
      assert.ok(name.startsWith(ofPrefix(prefix)));
    }),
    { numRuns: 500 },
  );
});

test("a name that no key has is nobody's", () => {
  const { keyOf } = createNames("");
  for (const name of ["v/", "v/a/b", "v/!41", "v/!ff", "v/a!", "v/a!!b", "v/.a", "v/a b", "v/!2F", "v/ü"]) {
    assert.equal(keyOf(name), undefined, name);
  }
});

test("different entries are different objects, and come back", async () => {
  const value = fc.oneof(
    fc.uint8Array({ maxLength: 50 }),
    fc.constantFrom("", "\nexpires-at=0000000000000005\n", "\nexpires-at=----------------\n").map(bytes),
  );
  const deadline = fc.oneof(fc.constantFrom(Infinity, 0, 5), fc.nat(8.64e15));
  const seen = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(value, deadline, fc.option(key, { nil: undefined }), async (written, expiresAt, each) => {
      const { body, meta } = await seal({ value: written, expiresAt }, each);
      const read = readMeta(new Headers({ [metaHeader]: meta }))!;
      assert.equal(read.expiresAt, expiresAt);
      assert.equal(read.size, written.length);
      assert.equal(read.key, each);
      assert.ok(metaHeader.length - 11 + meta.length < 2048);
      const entry = `${expiresAt} ${written.join()}`;
      assert.equal(seen.get(body.join()) ?? entry, entry);
      seen.set(body.join(), entry);
      assert.deepEqual(new Uint8Array((await unseal(body, read))!), new Uint8Array(written));
      if (expiresAt === Infinity && written.length === 50) assert.deepEqual(body, new Uint8Array(written));
      if (body.length === 0) return;
      body[0]! ^= 1;
      assert.equal(await unseal(body, read), undefined);
    }),
    { numRuns: 500 },
  );
});

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

// ------------------------------------------------------------------------------------------------ what goes wrong

test("only that there is no such object is a miss", async () => {
  const page = "<html><body>Not found</body></html>";
  const failures: [() => Response, StoreErrorCode, RegExp?][] = [
    [() => refuse(404, "NoSuchBucket"), "bad-config", /an existing bucket/],
    [() => new Response(page, { status: 404 }), "unavailable"],
    [() => new Response(null, { status: 404 }), "unavailable"],
    [() => new Response(page), "unavailable"],
    [() => new Response(page, { headers: { etag: '"1"' } }), "cant-decode"],
    [() => refuse(403, "AccessDenied"), "unauthorized"],
    [() => refuse(403, "InvalidAccessKeyId"), "unauthorized"],
    [() => refuse(400, "ExpiredToken"), "unauthorized"],
    [() => refuse(403, "RequestTimeTooSkewed", "GET", { date: new Date(Date.now() - 3_600_000).toUTCString() }), "unauthorized", /clock.+60 min/],
    [() => refuse(301, "PermanentRedirect", "GET", { "x-amz-bucket-region": "eu-west-1" }), "bad-config", /"eu-west-1"/],
    [() => refuse(500, "InternalError"), "unavailable", /status 500/],
    [() => refuse(503, "SlowDown"), "unavailable"],
    [() => refuse(501, "NotImplemented"), "unsupported"],
  ]; // prettier-ignore
  for (const [failure, code, message] of failures) {
    const store = open(strictS3(), (request) => {
      const response = failure();
      return request.method === "HEAD" ? new Response(null, response) : response;
    }, { attempts: 2 }); // prettier-ignore
    const calls = [() => store.find("a"), () => store.has("a"), () => store.get("a"), () => store.findMany(["a"])];
    for (const call of calls) await rejects(call(), code, message);
    await rejects(store.list(), code === "cant-decode" ? "unavailable" : code);
    if (code !== "cant-decode") await rejects(store.delete("a"), code);
  }
});

test("a write is acknowledged only by an answer that S3 gives to it", async () => {
  for (const answer of [
    new Response("<html></html>"),
    new Response("ok", { headers: { etag: '"1"' } }),
    new Response(),
  ]) {
    const store = open(strictS3(), () => answer.clone(), { attempts: 2 });
    await rejects(store.set("a", bytes("x")), "unavailable");
    await rejects(store.increment("a"), "unavailable");
  }
});

test("a full service is told as a quota", async () => {
  for (const response of [refuse(400, "EntityTooLarge"), refuse(403, "QuotaExceeded"), refuse(507, "XMinioStorageFull"), new Response("", { status: 413 })]) {
    await rejects(open(strictS3(), () => response).set("a", bytes("x")), "quota-exceeded");
  } // prettier-ignore
});

test("a signature that is wrong in any way opens nothing", async () => {
  const bucket = strictS3();
  await rejects(
    open(bucket, undefined, { secretAccessKey: "another" }).find("a"),
    "unauthorized",
    /SignatureDoesNotMatch/,
  );
  await rejects(open(bucket, undefined, { accessKeyId: "another" }).find("a"), "unauthorized", /InvalidAccessKeyId/);
  await rejects(open(bucket, undefined, { region: "eu-west-1" }).find("a"), "bad-config", /"us-east-1"/);
  await rejects(open(bucket, undefined, { sessionToken: "token" }).find("a"), "unauthorized", /InvalidToken/);
  await rejects(open(bucket, undefined, { bucketName: "another" }).find("a"), "bad-config", /NoSuchBucket/);
  const changed: Between = (request, send) =>
    send(request.method === "PUT" ? new Request(request, { method: "PUT", body: bytes("y") }) : request);
  await rejects(open(bucket, changed).set("a", bytes("x")), "unavailable", /XAmzContentSHA256Mismatch/);
  assert.equal(bucket.objects.size, 0);
});

test("a body cut short is read again, and is never a value", async () => {
  const bucket = strictS3();
  await open(bucket).setMany([["a", bytes("whole")], ["b", bytes("whole"), { ttl: 60_000 }]]); // prettier-ignore
  const cut: Between = async (request, send) => {
    const response = await send(request);
    return new Response((await response.bytes()).slice(0, 3), { headers: new Headers(response.headers) });
  };
  const broken: Between = async (request, send) => {
    const { headers } = await send(request);
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes("who"));
        controller.error(new TypeError("terminated"));
      },
    });
    return new Response(body, { headers: new Headers(headers) });
  };
  for (const fault of [cut, broken]) {
    for (const each of ["a", "b"]) {
      assert.equal(text(await open(bucket, first("GET", fault)).get(each)), "whole");
      await rejects(open(bucket, first("GET", fault, 9), { attempts: 2 }).get(each), "unavailable");
    }
  }
});

test("a request that is told to slow down waits as long as asked, and no longer than its timeout", async () => {
  const bucket = strictS3();
  const slow: Between = () => refuse(503, "SlowDown", "GET", { "retry-after": "1" });
  const start = Date.now();
  await open(bucket, first("PUT", slow)).set("a", bytes("x"));
  assert.ok(Date.now() - start >= 1000);
  await rejects(open(bucket, first("PUT", slow), { timeout: 500 }).set("a", bytes("y")), "unavailable", /SlowDown/);
  assert.ok(Date.now() - start < 1900);
});

test("a call that nobody answers ends with its timeout, or with its signal", async () => {
  const silent = open(strictS3(), () => new Promise(() => {}), { timeout: 50 });
  await rejects(silent.get("a"), "unavailable", /within 50 ms/);
  const controller = new AbortController();
  const reason = new Error("enough");
  let sent: AbortSignal | undefined;
  const store = open(strictS3(), (request) => {
    sent = request.signal;
    controller.abort(reason);
    return new Promise(() => {});
  });
  await assert.rejects(store.get("a", { signal: controller.signal }), (error) => error === reason);
  assert.ok(sent!.aborted);
  // A sweep would wait as well.
  await Promise.all([silent.close(), store.close()]);
});

// ------------------------------------------------------------------------------------------------ atomicity

const lost: readonly [string, Between][] = [
  ["500", async (request, send) => (await send(request), refuse(500, "InternalError"))],
  ["reset", async (request, send) => { await send(request); throw new TypeError("fetch failed"); }],
  ["a stranger's page", async (request, send) => (await send(request), new Response("<html></html>"))],
]; // prettier-ignore

for (const [name, fault] of lost) {
  test(`what was written though its answer was lost (${name}) is written once, and told so`, async () => {
    const bucket = strictS3();
    const store = open(bucket, first("PUT", fault));
    assert.equal(await store.increment("n"), 1);
    const again = open(bucket, first("PUT", fault));
    assert.equal(await again.increment("n"), 2);
    assert.equal(await open(bucket, first("PUT", fault)).compareAndSet("n", bytes("2"), bytes("3")), true);
    assert.equal(await open(bucket, first("PUT", fault)).setIfAbsent("new", bytes("x")), true);
    assert.equal(text(await again.get("n")), "3");
    await open(bucket, first("DELETE", fault)).delete("n");
    assert.equal(await again.has("n"), false);
  });

  test(`what was written over since its answer was lost (${name}) is not written again`, async () => {
    const bucket = strictS3();
    const other = open(bucket);
    await other.set("n", bytes("5"));
    const late = (then: () => Promise<unknown>): Between =>
      first("PUT", async (request, send, count) => {
        await send(request);
        await then();
        return fault(request, async () => new Response(), count);
      });
    // The other's object tells that it was written over ours.
    const counted = open(
      bucket,
      late(() => other.increment("n", -1)),
    );
    assert.equal(await counted.increment("n"), 6);
    assert.equal(text(await other.get("n")), "5");
    // A set tells nothing of what it was written over.
    const blind = open(
      bucket,
      late(() => other.set("n", bytes("5"))),
    );
    await rejects(blind.increment("n"), "conflict", /Cannot tell/);
    assert.equal(text(await other.get("n")), "5");
  });
}

test("what was not written though others have is written after them", async () => {
  const bucket = strictS3();
  const other = open(bucket);
  await other.set("n", bytes("5"));
  const refused = first("PUT", async () => {
    await other.increment("n", 10);
    return refuse(500, "UnknownError");
  });
  assert.equal(await open(bucket, refused).increment("n"), 16);
});

test("a value taken though its answer was lost is nobody else's", async () => {
  const bucket = strictS3();
  await open(bucket).set("a", bytes("x"));
  const [, fault] = lost[0]!;
  await rejects(open(bucket, first("DELETE", fault)).take("a"), "conflict", /Cannot tell/);
  assert.equal(await open(bucket).take("a"), undefined);
  // Where it leaves an object in its place, that tells whose it was.
  const plain = strictS3({ deletesIf: false });
  await open(plain).set("a", bytes("x"));
  assert.equal(text(await open(plain, first("PUT", fault)).take("a")), "x");
});

test("increments of many stores on one bucket are exact", async () => {
  const bucket = strictS3();
  const stores = Array.from({ length: 5 }, () => open(bucket));
  await Promise.all(Array.from({ length: 50 }, (_, index) => stores[index % 5]!.increment("n")));
  assert.equal(await stores[0]!.increment("n", 0), 50);
});

test("who is outrun for ever says so", async () => {
  const bucket = strictS3();
  const other = open(bucket);
  const store = open(bucket, async (request, send) => {
    if (request.method === "PUT" && isValue(request)) await other.set("n", bytes(`${Math.random()}`));
    return send(request);
  });
  await rejects(store.increment("n"), "conflict", /do so less/);
});

test("what a server makes of conditions is found out once, and leaves nothing", async () => {
  const bucket = strictS3();
  const store = open(bucket);
  await Promise.all([store.increment("n"), store.increment("m"), store.take("k")]);
  assert.equal(bucket.requests.filter((each) => each.startsWith("PUT p/")).length, 4);
  assert.deepEqual([...bucket.objects.keys()].sort(), ["v/m", "v/n"]);
});

// ------------------------------------------------------------------------------------------------ listing, sweeping, requests

test("more objects than a page holds are listed, and listing them again asks for their deadlines no more", async () => {
  const bucket = strictS3();
  const { now, advance } = createClock();
  // No sweep comes in between, however long this takes.
  const store = open(bucket, undefined, { now, sweepInterval: Infinity });
  const keys = Array.from({ length: 1200 }, (_, index) => `${index % 2 ? "k" : "ü".repeat(100)} ${index}`);
  await store.setMany(keys.map((each, index) => [each, bytes("x"), index % 5 ? {} : { ttl: 1000 }]));
  const list = async (prefix = ""): Promise<string[]> => {
    const seen: string[] = [];
    for await (const each of store.keys({ prefix })) seen.push(each);
    return seen.sort();
  };
  assert.deepEqual(await list(), [...keys].sort());
  assert.deepEqual(await list("ü".repeat(90)), keys.filter((each) => each.startsWith("ü")).sort());
  bucket.requests.length = 0;
  advance(1000);
  assert.deepEqual(await list(), keys.filter((_, index) => index % 5).sort());
  assert.deepEqual([...new Set(bucket.requests)], ["GET "]);
});

test("what others have put among the values is listed, refused, and can be removed", async () => {
  const bucket = strictS3();
  const store = open(bucket);
  await store.set("a", bytes("x"));
  bucket.objects.set("v/b", { body: bytes("y"), etag: '"e"', headers: {} });
  bucket.objects.set("v/folder/file", { body: bytes("y"), etag: '"e"', headers: {} });
  assert.deepEqual((await store.list()).entries.map((entry) => entry.key), ["a", "b"]); // prettier-ignore
  await rejects(store.get("b"), "cant-decode");
  await rejects(store.has("b"), "cant-decode");
  assert.equal(await store.deleteMany(["a", "b"]), 2);
  await store.clear();
  assert.equal(bucket.objects.size, 0);
});

test("stores share a bucket by their prefixes", async () => {
  const bucket = strictS3();
  const [one, other] = [open(bucket, undefined, { prefix: "one/" }), open(bucket, undefined, { prefix: "other/" })];
  await one.set("a", bytes("1"), { ttl: 1000 });
  await other.set("a", bytes("2"));
  await other.clear();
  assert.equal(text(await one.get("a")), "1");
  assert.equal(await other.find("a"), undefined);
});

test("a sweep costs what has expired, and forgets what was refreshed", async () => {
  const bucket = strictS3();
  const { now, advance } = createClock(2 ** 40);
  const store = open(bucket, undefined, { now });
  await store.setMany(Array.from({ length: 40 }, (_, index) => [`kept ${index}`, bytes("x"), { ttl: 3_600_000 }]));
  for (const each of ["a", "b", "c"]) await store.set(each, bytes("x"), { ttl: 1000 });
  await store.set("b", bytes("x"), { ttl: 3_600_000 });
  await store.set("c", bytes("x"));
  advance(1000);
  bucket.requests.length = 0;
  assert.equal(await store.sweep(), 1);
  // One listing, a look at each of three, the test of what the server heeds, one removal.
  assert.equal(bucket.requests.filter((each) => !each.includes(" p/")).length, 5);
  advance(100_000);
  bucket.requests.length = 0;
  assert.equal(await store.sweep(), 0);
  assert.deepEqual([...bucket.objects.keys()].filter((name) => /\/[abc]$/.test(name)).map((name) => name.slice(0, 1)).sort(), ["e", "v", "v"]); // prettier-ignore
  bucket.requests.length = 0;
  assert.equal(await store.sweep(), 0);
  assert.deepEqual(bucket.requests, ["GET "]);
  advance(3_700_000);
  assert.equal(await store.sweep(), 41);
  await store.sweep();
  assert.deepEqual([...bucket.objects.keys()], ["v/c"]);
});

test("a value that is written while its mark is swept is swept later", async () => {
  const bucket = strictS3();
  const { now, advance } = createClock(2 ** 40);
  const sweeper = open(bucket, undefined, { now });
  const late = first("PUT", async (request, send) => {
    // Long after its deadline: the sweep has seen a mark of nothing, and has taken it away.
    advance(200_000);
    await sweeper.sweep();
    assert.equal(bucket.objects.size, 0);
    return send(request);
  });
  await open(bucket, late, { now }).set("a", bytes("x"), { ttl: 1000 });
  assert.equal(await sweeper.sweep(), 1);
});

test("each call costs what it says", async () => {
  const bucket = strictS3();
  const store = open(bucket);
  await store.increment("warm");
  const cost = async (work: () => Promise<unknown>): Promise<string> => {
    bucket.requests.length = 0;
    await work();
    return bucket.requests.map((each) => each.split(" ")[0]).join(" ");
  };
  assert.equal(await cost(() => store.set("a", bytes("x"))), "PUT");
  assert.equal(await cost(() => store.set("b", bytes("x"), { ttl: 60_000 })), "PUT PUT");
  assert.equal(await cost(() => store.get("a")), "GET");
  assert.equal(await cost(() => store.find("none")), "GET");
  assert.equal(await cost(() => store.has("a")), "HEAD");
  assert.equal(await cost(() => store.has("none")), "HEAD GET");
  assert.equal(await cost(() => store.increment("n")), "GET PUT");
  assert.equal(await cost(() => store.update("b", (value) => value)), "GET PUT");
  assert.equal(await cost(() => store.take("a")), "GET DELETE");
  assert.equal(await cost(() => store.delete("b")), "HEAD DELETE");
});
