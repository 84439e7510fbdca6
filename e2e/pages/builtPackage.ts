import type { IncomingMessage, ServerResponse } from "node:http";
import { toNodeHandler } from "srvx/node";
import type { Plugin } from "vitest/config";
import { root } from "../../scripts/run.mjs";
import { storesPath, storeServer } from "../../test/support/storeServer.ts";
import { built, file } from "../support/files.ts";
import { startServer } from "../support/server.ts";

type Serve = (request: Request) => Response | Promise<Response>;

/**
 * Gives test pages the built package: `shelflife` is what `dist` has, served as it is, and so are the workers' scripts
 * under `/built/`. Beside the pages lie the stores of a server, and `/far` names a server of another site that has some.
 */
export function builtPackage(): Plugin {
  return {
    name: "built-package",
    enforce: "pre",
    resolveId(source) {
      return built[source] === undefined ? undefined : { id: built[source], external: true };
    },
    configureServer({ middlewares, httpServer }) {
      let stores: Promise<Serve> | undefined;
      const far = createFar();
      httpServer?.once("close", () => void far.close());
      const routes: Record<string, Serve> = {
        "/built/": ({ url }) => file(decodeURIComponent(new URL(url).pathname)),
        "/dist/": ({ url }) => file(new URL(url).pathname),
        "/far": async ({ url }) => new Response(await far.open(new URL(url).origin)),
        // Not before it is asked for: the package may still have to be built.
        [storesPath]: async (request) => (await (stores ??= storesFor()))(request),
      };
      for (const [path, serve] of Object.entries(routes)) {
        const handle = toNodeHandler(serve) as (request: IncomingMessage, response: ServerResponse) => unknown;
        middlewares.use((request, response, next) => {
          if (request.url!.startsWith(path)) void handle(request, response);
          else next();
        });
      }
    },
  };
}

/** Serves the stores of the built package, to pages of its own origin and of those listed. */
async function storesFor(cors?: readonly string[]): Promise<Serve> {
  const { memory } = (await import(`${root}dist/index.js`)) as typeof import("../../src/index.ts");
  const { handler } = (await import(`${root}dist/http/handler.js`)) as typeof import("../../src/http/handler.ts");
  return storeServer(memory, handler, cors);
}

/** A server of stores on another site, which is started for the first origin that asks. */
function createFar(): { open(origin: string): Promise<string>; close(): Promise<void> } {
  let server: ReturnType<typeof startServer> | undefined;
  return {
    async open(origin) {
      server ??= storesFor([origin]).then((stores) => startServer({ [storesPath]: stores }));
      return (await server).url.replace("localhost", "127.0.0.1");
    },
    async close() {
      await (await server)?.close();
    },
  };
}
