// By these names our own listener and the handler skip what they would otherwise translate for each other.
const readWhole: unique symbol = Symbol.for("shelflife.read") as never;
const plainParts: unique symbol = Symbol.for("shelflife.plain") as never;
const made: unique symbol = Symbol("made");

/** What an answer consists of that is no stream. */
export interface Plain {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array<ArrayBuffer> | null;
}

/** A request of our own listener: it reads its body faster, and sends a plain answer as it is. */
export interface Direct extends Request {
  [readWhole](): Promise<Uint8Array>;
}

export function isDirect(request: Request): request is Direct {
  return readWhole in request;
}

/** Reads the whole body of a request of our own listener, however long it is. */
export function readDirect(request: Direct): Promise<Uint8Array> {
  return request[readWhole]();
}

/** Gives a request the faster way to read its body. */
export function direct<R extends object>(request: R, read: () => Promise<Uint8Array>): R & Direct {
  return Object.assign(request, { [readWhole]: read }) as R & Direct;
}

/** Whether an answer was no stream when it was made. */
export function isPlain(response: Response): boolean {
  return plainParts in response;
}

/** Returns what an answer consists of, if it is no stream and nothing has read it. */
export function partsOf(response: Response): Plain | undefined {
  return (response as { [plainParts]?: Plain })[plainParts];
}

interface Lazy {
  /** What it consists of, until something reads it. */
  [plainParts]: Plain | undefined;
  [made]: Response | undefined;
}

let prototype: object | undefined;

/** Returns a Response that is made when something reads it: to make one costs more than all else of a small answer. */
export function lazyResponse(parts: Plain): Response {
  const lazy = Object.create((prototype ??= createPrototype())) as Lazy;
  lazy[plainParts] = parts;
  lazy[made] = undefined;
  return lazy as unknown as Response;
}

function createPrototype(): object {
  const descriptors = Object.getOwnPropertyDescriptors(Response.prototype) as Record<string, PropertyDescriptor>;
  const lazy: object = Object.create(Response.prototype);
  for (const [name, { get, value }] of Object.entries(descriptors)) {
    if (name === "constructor") continue;
    const own: PropertyDescriptor & ThisType<Lazy> = get
      ? { get() { return get.call(make(this)); } } // prettier-ignore
      : { value(...args: unknown[]) { return value.apply(make(this), args); } }; // prettier-ignore
    Object.defineProperty(lazy, name, { configurable: true, ...own });
  }
  return lazy;
}

/** Makes the Response. From now on it may be changed, so that what it consisted of says no more what it is. */
function make(lazy: Lazy): Response {
  if (!lazy[made]) {
    const { status, headers, body } = lazy[plainParts]!;
    lazy[made] = new Response(body, { status, headers });
    lazy[plainParts] = undefined;
  }
  return lazy[made];
}
