// Loaded before each file of tests in a page.
import { afterEach, expect } from "vitest";

// The files run in one origin, whose room they would fill one after the other.
localStorage.clear();
sessionStorage.clear();

// What is tested says nothing on the console.
const stray: string[] = [];
for (const method of ["log", "info", "warn", "error", "debug", "trace"] as const) {
  console[method] = (...args: unknown[]) => void stray.push(`console.${method}: ${args.map(String).join(" ")}`);
}

afterEach(() => expect(stray.splice(0)).toEqual([]));
