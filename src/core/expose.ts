// Node's requests are not of one class with the platform's, and two copies of this file may meet: so a property, by a name.
const exposed: unique symbol = Symbol.for("shelflife.exposed") as never;

/** Marks a request as one that may come from another machine. */
export function expose(request: Request): void {
  Object.defineProperty(request, exposed, { value: true });
}

/** Whether a request may come from another machine, as far as is known. */
export function isExposed(request: Request): boolean {
  return exposed in request;
}

/** Whether only this machine reaches an address. */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

/** Whether a value is the name or the address of a host, without a port. */
export function isHostName(value: unknown): boolean {
  const isWritten = typeof value === "string" && /^(\[[\da-f:.]+\]|[^\s/?#@:\\[\]]+)$/i.test(value);
  return isWritten && URL.canParse(`http://${value}`);
}
