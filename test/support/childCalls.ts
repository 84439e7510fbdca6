import process from "node:process";
import { createInterface } from "node:readline";

/** Says a line, as JSON, to the process that started this one. */
export function say(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

/** Makes the calls that the process which started this one asks for, line by line: [number, name of the call, ...arguments]. */
export async function answerCalls(calls: Readonly<Record<string, (...args: never[]) => unknown>>): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const [id, name, ...args] = JSON.parse(line) as [number, string, ...never[]];
    void Promise.resolve(calls[name]!(...args)).then(
      (result) => say([id, result]),
      (error: { code?: string; message: string }) => say([id, null, `${error.code}: ${error.message}`]),
    );
  }
}
