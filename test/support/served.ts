/** What the tests of a server serve: answers that last, fail or never end, and what became of them. */
export interface Served {
  answer(request: Request): Promise<Response>;
  /** What has happened so far. */
  readonly said: string[];
  /** Resolves when something has happened so often. */
  until(what: string, count?: number): Promise<void>;
  /** Lets what waits be answered. */
  release(): void;
  /** How many bytes were asked of the endless body. */
  pulled(): number;
}

export function serveTests(tell: (what: string) => void = () => {}): Served {
  const said: string[] = [];
  let wake = (): void => {};
  let release = (): void => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let pulled = 0;

  function say(what: string): void {
    said.push(what);
    tell(what);
    wake();
  }

  function events(): Response {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("data: one\n\n")),
      cancel: () => say("left"),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  function endless(): Response {
    const chunk = new Uint8Array(65_536);
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += chunk.length;
        // Who takes all that there is gets this much, and not for ever.
        if (pulled > 2 ** 28) controller.close();
        else controller.enqueue(chunk);
      },
      cancel: () => say("left"),
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  }

  return {
    said,
    async until(what, count = 1) {
      while (said.filter((each) => each === what).length < count)
        await new Promise<void>((resolve) => (wake = resolve));
    },
    release: () => release(),
    pulled: () => pulled,
    async answer(request) {
      const { pathname, searchParams } = new URL(request.url);
      switch (pathname) {
        case "/echo":
          return new Response(new Uint8Array(await request.arrayBuffer()), {
            headers: { "x-method": request.method, "x-key": encodeURIComponent(searchParams.get("key") ?? "") },
          });
        case "/events":
          return events();
        case "/endless":
          return endless();
        case "/fail":
          throw new Error("secret");
        case "/wait": {
          const body = await request.text();
          say("waits");
          await released;
          say(`wrote ${body}`);
          return new Response(null, { status: 204 });
        }
        default:
          return new Response("ok");
      }
    },
  };
}
