import { once } from "node:events";
import { connect } from "node:net";
import { listen, type Listening, type ListenOptions } from "../../src/service/listen.ts";

/** Starts a server, and closes it when the work is done. */
export async function withServer(
  options: Partial<ListenOptions>,
  work: (server: Listening, port: number) => Promise<void>,
): Promise<void> {
  const server = await listen({ answer: async () => new Response("ok"), ...options });
  try {
    await work(server, Number(new URL(server.url).port));
  } finally {
    await server.close({ grace: 1 });
  }
}

/** Sends text as it is, and resolves with all that comes until the connection is closed. */
export async function send(port: number, text: string, socket = connect(port, "127.0.0.1")): Promise<string> {
  let answer = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (answer += chunk));
  // Who closes at once may do so with a reset.
  socket.on("error", () => {});
  socket.write(text);
  await once(socket, "close");
  return answer;
}
