import { letExit } from "../../core/timers.ts";
import { refusal } from "./refusal.ts";

/** The time that a client gives a request. */
export interface Timeout {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal;
  end(): void;
}

/** Starts a time, in ms. A signal of `AbortSignal.timeout` lives on for the whole time; this one can be ended. */
export function startTimeout(timeout: number): Timeout {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new DOMException("Timed out", "TimeoutError")), timeout);
  letExit(timer);
  return { signal: controller.signal, end: () => clearTimeout(timer) };
}

export function refuseLate(): Error {
  return refusal("late", "Request took too long: expected to be done within the time that the client gave");
}
