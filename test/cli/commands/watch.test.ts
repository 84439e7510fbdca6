import assert from "node:assert/strict";
import { test } from "vitest";
import { watched } from "../../support/watched.ts";
import { backends, command } from "../../support/world.ts";
import { until } from "../../support/until.ts";

test("changes that may have been missed are a line of their own", async () => {
  for (const [args, expected] of [
    [[], 'resync\nset "a\\n"\n'],
    [["--json", "--prefix", "a"], '{"type":"resync"}\n{"type":"set","key":"a\\n"}\n'],
  ] as const) {
    const { store, observers } = watched();
    const interrupt = new AbortController();
    const watching = command(["watch", "--store", '{"backend":"watched"}', ...args], {
      backends: { ...backends, watched: { valid: () => ({}), build: () => store } },
      interrupt: interrupt.signal,
      onOutput: (text) => text.includes("set") && interrupt.abort(),
    });
    await until(() => observers.size > 0);
    for (const observer of observers) {
      observer.resync();
      observer.changed({ type: "set", key: "a\n" });
    }
    const { code, out, err } = await watching;
    assert.deepEqual([code, out, err], [130, expected, ""]);
  }
});
