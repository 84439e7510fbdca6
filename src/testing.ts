export type { Case, Context, Feature, Subject } from "./testing/case.ts";
export { cases } from "./testing/cases.ts";
export { createClock, type Clock } from "./testing/clock.ts";
export { faulty, type Fault, type FaultyCall } from "./testing/faulty.ts";
export { casesFor, prove, proveAll, type Result } from "./testing/prove.ts";
