// The Cases in a service worker.
import { afterAll } from "vitest";
import { defineCasesIn } from "./inWorker.ts";

const registration = await navigator.serviceWorker.register("/built/e2e/cases/worker.ts", { type: "module" });
afterAll(() => void registration.unregister());
const worker = (registration.installing ?? registration.waiting ?? registration.active)!;
while (worker.state !== "activated") {
  await new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));
}

await defineCasesIn(worker);
