import assert from "node:assert/strict";
import { test } from "vitest";
import { isStoreError } from "../../../src/core/error.ts";
import { createRegistry } from "../../../src/core/registry.ts";
import { remote, remoteFactory, type RemoteOptions } from "../../../src/http/remote.ts";
import { mount, pair } from "../../support/pair.ts";

test("options are checked, all at once and without secrets", () => {
  const { valid } = createRegistry({ http: remoteFactory });
  const problemOf = (parameters: object): string => {
    try {
      valid({ backend: "http", parameters: parameters as RemoteOptions });
    } catch (error) {
      assert.ok(isStoreError(error, "bad-config"), String(error));
      return error.message;
    }
    return "none";
  };
  for (const url of ["http://a.test", "https://a.test:8080/b/c", "http://[::1]/", "HTTP://a.test/b"]) {
    assert.equal(problemOf({ url }), "none", url);
  }
  for (const url of [
    "https://host.test/@scope/store",
    "http://a.test/b@c",
    "https://a.test/@",
    new URL("http://a.test/@b"),
  ]) {
    assert.equal(problemOf({ url }), "none", String(url));
  }
  for (const url of ["http://me@a.test/b", "http://:secret@a.test/b", "http://me:secret@a.test/@b"]) {
    assert.match(problemOf({ url }), /must be an http or https URL without credentials$/);
  }
  for (const url of ["foo", "", "ftp://a.test", "http://", "http://a.test?b", "http://a.test/#b", "/a", 5, {}, null]) {
    assert.match(problemOf({ url }), /option "url" must be an http or https URL, got /, String(url));
  }
  assert.match(problemOf({}), /option "url" must be .*, got undefined/);
  assert.doesNotMatch(problemOf({ url: "http://me:secret@a.test" }), /secret|none/);
  const message = problemOf({
    url: "foo",
    token: "secret\n",
    headers: { "bad name": "secret" },
    fetch: 5,
    timeout: 0,
    attempts: 0,
    retrys: 5,
  });
  for (const name of ["url", "token", "headers", "fetch", "timeout", "attempts", "retrys"]) {
    assert.match(message, new RegExp(`option "${name}"`));
  }
  assert.doesNotMatch(message, /secret/);
  assert.equal(problemOf({ url: mount, token: () => "a.b-c" }), "none");
  assert.match(
    problemOf({ url: mount, token: "a b" }),
    /option "token" must be visible ASCII characters, or a function$/,
  );
  assert.equal(
    problemOf({ url: mount, token: "a.b-c", headers: { "x-a": "b" }, timeout: Infinity, attempts: 1 }),
    "none",
  );
});

test("what is no option is refused as one, whatever it does when it is looked at", () => {
  const evil = {
    toString() {
      throw new Error("evil");
    },
  };
  for (const wrong of [Symbol("a"), evil, 5, null, ["a"], () => {}, Object.create(null)]) {
    for (const name of ["url", "token", "timeout", "attempts"]) {
      const options = { url: mount, [name]: wrong } as unknown as RemoteOptions;
      if (typeof wrong === "number" && name !== "url" && name !== "token") continue;
      if (typeof wrong === "function" && name === "token") continue;
      assert.throws(
        () => remote(options),
        (error) => isStoreError(error, "bad-config"),
        `${name}: ${typeof wrong}`,
      );
    }
  }
  for (const headers of [Symbol("a"), 5, null, "a", { a: "b\nc" }, [["a"]]]) {
    const options = { url: mount, headers } as unknown as RemoteOptions;
    assert.throws(
      () => remote(options),
      (error) => isStoreError(error, "bad-config"),
      typeof headers,
    );
  }
  for (const options of [null, 5, "x", [], undefined]) {
    assert.throws(
      () => remote(options as unknown as RemoteOptions),
      (error) => isStoreError(error, "bad-config"),
    );
  }
});

test("headers arrive in whatever form they are given", async () => {
  const forms = [{ "x-trace": "5" }, new Headers({ "x-trace": "5" }), [["x-trace", "5"]]];
  for (const headers of forms) {
    const seen: (string | null)[] = [];
    const { far } = pair({
      between: (request, send) => {
        seen.push(request.headers.get("x-trace"));
        return send(request);
      },
      remote: { headers: headers as Record<string, string> },
    });
    await far.has("a");
    assert.deepEqual(seen, ["5"]);
  }
  const seen: (string | null)[] = [];
  const { far } = pair({
    between: (request, send) => {
      seen.push(request.headers.get("authorization"));
      return send(request);
    },
    remote: { headers: { authorization: "Basic eA==" } },
  });
  await far.has("a");
  assert.deepEqual(seen, ["Basic eA=="], "what no token takes the place of");
});
