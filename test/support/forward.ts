import { Agent, request as send, type IncomingMessage } from "node:http";

/** An answer as a whole. */
export interface Answer {
  readonly status: number;
  readonly headers: string[];
  readonly body: Buffer;
}

/** Sends on to a server what came for it. */
export interface Forward {
  /** Sends a request, or as much of its body as the share says, and resolves with the head of the answer. */
  begin(request: IncomingMessage, body: Buffer, share?: number): Promise<IncomingMessage>;
  /** Sends a request, and resolves with the answer. */
  whole(request: IncomingMessage, body: Buffer): Promise<Answer>;
  close(): void;
}

export function createForward(upstream: string): Forward {
  const agent = new Agent({ keepAlive: true });

  function begin({ method, url, rawHeaders }: IncomingMessage, body: Buffer, share = 1): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const headers = pairs(rawHeaders).filter(
        ([name]) => !/^(connection|transfer-encoding|content-length)$/i.test(name),
      );
      if (body.length || method !== "GET") headers.push(["content-length", String(body.length)]);
      const onward = send(new URL(url!, upstream), { method, agent, headers: headers.flat() }, resolve);
      onward.on("error", reject);
      if (share === 1) return void onward.end(body);
      onward.flushHeaders();
      onward.write(body.subarray(0, body.length * share), () => onward.destroy());
    });
  }

  return {
    begin,
    async whole(request, body) {
      const answer = await begin(request, body);
      return { status: answer.statusCode!, headers: answer.rawHeaders, body: await readBody(answer) };
    },
    close: () => agent.destroy(),
  };
}

/** Reads a message to its end. */
export async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, index) => [flat[2 * index]!, flat[2 * index + 1]!]);
}
