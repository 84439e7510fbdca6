// The Cases in a service worker.
import { afterAll } from "vitest";
import { registerServiceWorker } from "../pages/serviceWorker.ts";
import { defineCasesIn } from "./inWorker.ts";

const { worker, remove } = await registerServiceWorker("/built/e2e/cases/worker.ts");
afterAll(remove);

await defineCasesIn(worker);
