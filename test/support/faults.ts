// What networks do to requests.
import type { IncomingMessage, ServerResponse } from "node:http";
import { pause } from "../../src/core/pause.ts";
import { readBody, type Forward } from "./forward.ts";

/** What becomes of a request. */
export type Fault =
  | "none"
  /** The connection breaks before anything of it has arrived, or in the middle of its body. */
  | "dropped"
  | "cut request"
  /** It is done, and its answer gets lost, as a whole or from the middle of its body on. */
  | "lost answer"
  | "cut answer"
  /** More comes than was announced. */
  | "long answer"
  /** It arrives twice: one after the other, or at once. The first answer is lost. */
  | "twice"
  | "twice at once"
  /** It arrives, and is answered, in small pieces. */
  | "slow"
  /** The proxy itself says that it is too busy: until some seconds have passed, or until a date. */
  | "429"
  | "503"
  /** Somebody else answers. */
  | "200 page"
  | "404 page"
  | "502 page"
  | "portal"
  /** Nobody ever does. */
  | "silence"
  /** The answer, which is a stream, breaks after so many pieces. */
  | { readonly cutAfter: number };

const pages: Readonly<Record<string, readonly [status: number, headers: Record<string, string>, body: string]>> = {
  "429": [429, { "retry-after": "0" }, "Slow down"],
  "503": [503, {}, "Busy"],
  "200 page": [200, { "content-type": "text/html" }, "<h1>Welcome</h1>"],
  "404 page": [404, { "content-type": "text/html" }, "<h1>Not found</h1>"],
  "502 page": [502, { "content-type": "text/html" }, "<h1>Bad gateway</h1>"],
  portal: [302, { location: "/login", "content-type": "text/html" }, "<a href=/login>Log in</a>"],
};

/** Answers a request as a fault has it. */
export async function answerWith(
  fault: Fault & string,
  forward: Forward,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { socket } = request;
  if (fault === "dropped") return void socket.resetAndDestroy();
  const body = await readBody(request);
  if (fault in pages) return answerPage(fault, response);
  switch (fault) {
    case "silence":
      return;
    case "cut request":
      await forward.begin(request, body, 0.5).catch(() => {});
      return void socket.resetAndDestroy();
    case "lost answer":
      await forward.whole(request, body);
      return void socket.resetAndDestroy();
    case "twice":
      await forward.whole(request, body);
      break;
    case "slow":
      return answerSlowly(forward, request, body, response);
  }
  const [answer] = await Promise.all([
    forward.whole(request, body),
    fault === "twice at once" && forward.whole(request, body),
  ]);
  response.writeHead(answer.status, answer.headers);
  if (fault === "cut answer") {
    response.flushHeaders();
    response.write(answer.body.subarray(0, answer.body.length / 2), () => socket.resetAndDestroy());
  } else if (fault === "long answer") {
    response.end(answer.body, () => socket.end("and more"));
  } else response.end(answer.body);
}

function answerPage(fault: string, response: ServerResponse): void {
  const [status, headers, text] = pages[fault]!;
  // Dates are in whole seconds.
  const wait = fault === "503" ? { "retry-after": new Date(Date.now() + 1).toUTCString() } : {};
  response.writeHead(status, { ...headers, ...wait }).end(text);
}

async function answerSlowly(
  forward: Forward,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  await pause(10);
  const answer = await forward.whole(request, body);
  response.writeHead(answer.status, answer.headers).flushHeaders();
  const step = Math.max(1, Math.ceil(answer.body.length / 5));
  for (let at = 0; at < answer.body.length; at += step) {
    await pause(5);
    response.write(answer.body.subarray(at, at + step));
  }
  response.end();
}

/** Hands on a stream as it comes, as far as the fault lets it. */
export async function streamWith(
  fault: Fault,
  forward: Forward,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await forward.begin(request, Buffer.alloc(0));
  response.writeHead(answer.statusCode!, answer.rawHeaders).flushHeaders();
  const { cutAfter = Infinity } = fault as { cutAfter?: number };
  const cut = (): void => void request.socket.resetAndDestroy();
  let pieces = 0;
  answer.on("data", () => {
    if (++pieces > cutAfter) cut();
  });
  answer.on("error", cut).pipe(response);
  response.once("close", () => answer.destroy());
}
