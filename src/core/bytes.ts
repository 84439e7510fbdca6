/**
 * Bytes that a store hands out. Under TypeScript from 5.7 they are known to lie in memory that is not shared, as the platform
 * asks of what it is given (`new Response`, `new Blob`, `crypto.subtle`). Before that a type of arrays has no such parameter.
 */
export type Bytes = ReturnType<typeof Uint8Array.of>;

/** What may be written where values are `In`: of bytes any, so that what is typed without regard to its memory fits. */
export type Written<In> = In | (In extends Uint8Array ? Uint8Array : never);
