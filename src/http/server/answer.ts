import { streamType } from "../wire/mediaType.ts";
import { isPlain } from "./lazyResponse.ts";

/** Answers a request, and never rejects: what a handler is, and what a wrapper of one takes and returns. */
export type Answer = (request: Request) => Promise<Response>;

/** Whether an answer is a stream of events, which ends when its reader leaves. */
export function isEventStream(response: Response): boolean {
  // Not looked into if there is no need: that is what makes it costly.
  if (isPlain(response)) return false;
  const { body, headers } = response;
  return !!body && !!headers.get("content-type")?.startsWith(streamType);
}
