// Loaded before the tests of a page: what is tested says nothing on the console.
import { afterEach, expect } from "vitest";

const stray: string[] = [];
for (const method of ["log", "info", "warn", "error", "debug", "trace"] as const) {
  console[method] = (...args: unknown[]) => void stray.push(`console.${method}: ${args.map(String).join(" ")}`);
}

afterEach(() => expect(stray.splice(0)).toEqual([]));
