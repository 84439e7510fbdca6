// The Cases in a dedicated worker.
import { defineCasesIn } from "./inWorker.ts";

await defineCasesIn(new Worker("/built/e2e/cases/worker.ts", { type: "module" }));
