import { serve } from "srvx";
import { file } from "./files.ts";

/** A server on loopback, reached as `localhost`, which browsers trust like https. */
export interface TestServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the project's files. What begins with a `route` is left to its function. */
export async function startServer(
  routes: Record<string, (request: Request) => Response | Promise<Response>> = {},
): Promise<TestServer> {
  const server = serve({
    hostname: "127.0.0.1",
    port: 0,
    silent: true,
    gracefulShutdown: false,
    fetch(request) {
      const { pathname } = new URL(request.url);
      const route = Object.keys(routes).find((prefix) => pathname.startsWith(prefix));
      return route === undefined ? file(decodeURIComponent(pathname)) : routes[route]!(request);
    },
  });
  await server.ready();
  return {
    url: `http://localhost:${new URL(server.url!).port}/`,
    close: () => server.close(true),
  };
}
