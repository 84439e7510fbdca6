// Loaded before tests: what is tested says nothing on the console, and a test that finds a stray line fails.
for (const method of ["log", "info", "warn", "error", "debug", "trace"]) {
  console[method] = (...args) => {
    throw new Error(`Stray console.${method}: ${args.join(" ")}`);
  };
}
