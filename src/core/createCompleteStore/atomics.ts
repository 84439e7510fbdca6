import type { Bytes } from "../bytes.ts";
import { checkFunction } from "../check.ts";
import { UNCHANGED, type CompleteBackend, type Store, type Value } from "../contract.ts";
import { check } from "../error.ts";
import { add, copyBytes, deadline, equalBytes, fresh, isGiven, toBytes } from "../value.ts";
import type { Alone, Run, RunOn } from "./calls.ts";
import { decide } from "./decide.ts";

/**
 * Returns the calls of a store that read and write in one step: each is a decision, or the medium's own command. `alone` calls
 * what a caller decides by.
 */
export function createAtomics(
  backend: CompleteBackend<Value>,
  now: () => number,
  run: Run,
  runOn: RunOn,
  alone: Alone,
): Pick<Store, "compareAndSet" | "take" | "increment" | "update" | "touch"> {
  return {
    compareAndSet: (key, expected, next, options) =>
      run(
        options,
        (call, [old, value, at]) =>
          decide(backend, key, call, (current) => {
            if (!equalBytes(toBytes(current?.value), old)) return [false, UNCHANGED];
            return [true, { value, expiresAt: at ?? current?.expiresAt ?? Infinity }];
          }),
        () => {
          const old = expected === undefined ? expected : copyBytes(expected);
          // Its time runs from the call on, however long the medium takes.
          const at = deadline(options, now);
          return [old, copyBytes(next), isGiven(options) ? at : undefined] as const;
        },
      ),

    take: (key, options) =>
      runOn(key, options, (call) =>
        backend.take
          ? backend.take(key, call)
          : decide(backend, key, call, (current) => [toBytes(current?.value), undefined]),
      ) as Promise<Bytes | undefined>,

    increment: (key, by = 1, options) =>
      runOn(key, options, (call) => {
        check(Number.isFinite(by), "step", "a finite number", by);
        const expiresAt = deadline(options, now);
        if (backend.increment && expiresAt > now()) return backend.increment(key, by, expiresAt, call);
        return decide(backend, key, call, (current) => {
          const sum = add(toBytes(current?.value), by, key);
          return [sum, { expiresAt, ...current, value: toBytes(`${sum}`) }];
        });
      }),

    update: (key, change, options) =>
      runOn(key, options, (call) => {
        checkFunction(change);
        deadline(options, now);
        return decide<any>(backend, key, call, (current) => {
          const next = alone(() => change(current && copyBytes(toBytes(current.value))));
          // The medium keeps one copy, the caller gets the other.
          return next === undefined ? [next, next] : [copyBytes(next), fresh(copyBytes(next), options, now, current)];
        });
      }),

    touch: (key, options) =>
      runOn(key, options, (call) => {
        // Without a ttl this would quietly take the deadline away.
        const expiresAt = deadline(isGiven(options) ? options : { ttl: NaN }, now);
        if (backend.touch && expiresAt > now()) return backend.touch(key, expiresAt, call);
        return decide(backend, key, call, (current) => [!!current, current ? { ...current, expiresAt } : UNCHANGED]);
      }),
  };
}
