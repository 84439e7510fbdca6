// Links by which somebody logs in once, within a quarter of an hour.
//   bun login-links.ts
import { json } from "shelflife";
import { open } from "shelflife/server";

const store = await open({ backend: "sqlite", parameters: { path: process.env.STORE ?? "links.sqlite" } });
const links = json<{ user: string }>(store, { prefix: "link/" });

async function createLink(user: string): Promise<string> {
  const token = crypto.randomUUID();
  await links.set(token, { user }, { ttl: 15 * 60_000 });
  return `/login?token=${token}`;
}

async function logIn(token: string): Promise<Response> {
  // Of two clicks at once, one gets it.
  const link = await links.take(token);
  return link
    ? new Response(`Welcome, ${link.user}`)
    : new Response("This link is used up or too old", { status: 410 });
}

export default {
  port: Number(process.env.PORT ?? 3000),
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/login") return logIn(searchParams.get("token") || "none");
    if (pathname === "/link") return new Response(await createLink(searchParams.get("user") ?? "somebody"));
    return new Response("Not found", { status: 404 });
  },
};
