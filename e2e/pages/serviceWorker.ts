/** Registers a service worker, which controls nothing but its own folder, and resolves when it is active. */
export async function registerServiceWorker(script: string): Promise<{ worker: ServiceWorker; remove(): void }> {
  const registration = await navigator.serviceWorker.register(script, { type: "module" });
  const worker = (registration.installing ?? registration.waiting ?? registration.active)!;
  while (worker.state !== "activated") {
    await new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));
  }
  return { worker, remove: () => void registration.unregister() };
}
