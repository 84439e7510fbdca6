import assert from "node:assert/strict";
import { test } from "vitest";
import { isLost, isPassing, valkeyError } from "../../../src/backends/valkey/error.ts";
import type { StoreError } from "../../../src/core/error.ts";

const replies: [message: string, code: string][] = [
  ["OOM command not allowed when used memory > 'maxmemory'.", "quota-exceeded"],
  ["WRONGTYPE Operation against a key holding the wrong kind of value", "cant-decode"],
  ["NOAUTH Authentication required.", "unauthorized"],
  ["WRONGPASS invalid username-password pair or user is disabled.", "unauthorized"],
  ["NOPERM this user has no permissions to run the 'evalsha' command", "unauthorized"],
  [
    "ERR The user executing the script can't run this command or subcommand script: f1, on @user_script:1.",
    "unauthorized",
  ],
  ["ERR ACL failure in script: User is trying to access a channel: c. script: f1, on @user_script:1.", "unauthorized"],
  ["NOPUBLISH ERR The user executing the script can't publish to the channel mentioned in the command", "bad-config"],
  ["UNHEARD ERR The user executing the script can't publish to the channel mentioned in the command", "unavailable"],
  ["ERR unknown command 'PEXPIRETIME', with args beginning with: ", "unsupported"],
  ["LOADING Redis is loading the dataset in memory", "unavailable"],
  ["Connection is closed.", "unavailable"],
];
for (const [message, code] of replies) {
  test(`"${message}" is reported as ${code}, without what was sent`, () => {
    const sent = Object.assign(new Error(message), { name: "ReplyError", command: { args: ["secret-word"] } });
    const error = valkeyError(sent, { key: "key", isWrite: true }) as StoreError;
    assert.equal(error.code, code);
    assert.equal(error.key, "key");
    assert.match(error.message, /^Cannot use key "key": expected /);
    assert.ok(![error, error.cause].some((each) => JSON.stringify(each).includes("secret-word")));
  });
}

test("a write without an answer is reported as unknown", () => {
  const lost = new Error("Connection is closed.");
  assert.ok(isLost(lost) && !isPassing(lost));
  assert.match(
    (valkeyError(lost, { key: "k", isWrite: true }) as Error).message,
    /whether this was written is not known/,
  );
  assert.doesNotMatch((valkeyError(lost, { key: "k" }) as Error).message, /not known/);
  const refused = Object.assign(new Error("READONLY You can't write against a read only replica."), { name: "ReplyError" }); // prettier-ignore
  assert.ok(!isLost(refused) && isPassing(refused));
});
