/** Says why a request to a mount got no answer, as far as the platform knows, in parentheses; or nothing. */
export function reasonOf(error: unknown, mount: string): string {
  let why = error as { message?: unknown; code?: unknown; cause?: unknown; errors?: unknown[] } | undefined;
  // Node's fetch says why in the cause of its error, or in the first of several.
  for (let depth = 0; depth < 8; depth++) why = ((why?.cause ?? why?.errors?.[0]) as typeof why) ?? why;
  const text = String(why?.message || why?.code || why || "");
  return text && ` (${text}${hintOf(mount)})`;
}

/** Says in a page what it may have been, since a browser does not show a page which it was. */
function hintOf(mount: string): string {
  const { navigator = {}, location } = globalThis as { navigator?: { onLine?: boolean }; location?: Location };
  if (!location) return "";
  if (navigator.onLine === false) return ": this device is offline";
  return new URL(mount).origin === location.origin ? "" : ": CORS, DNS, TLS or a refused connection";
}
