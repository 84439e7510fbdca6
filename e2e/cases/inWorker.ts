import { describe, expect, test } from "vitest";

/** A Case that a worker is to prove; without one it is to say which there are. */
export type Question = { readonly subject: string; readonly name: string } | undefined;

/** What a worker has, or what came of a Case there. */
export interface Answer {
  readonly subjects?: readonly (readonly [name: string, cases: readonly string[]])[];
  readonly error?: string;
  readonly stray?: readonly string[];
}

/** Defines a test of each Case on each subject that a worker has, which runs there. */
export async function defineCasesIn(worker: Pick<Worker, "postMessage">): Promise<void> {
  const ask = (question: Question): Promise<Answer> =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => {
        port1.close();
        resolve(data as Answer);
      };
      worker.postMessage(question, [port2]);
    });

  for (const [subject, names] of (await ask(undefined)).subjects!) {
    describe(subject, () => {
      for (const name of names) test(name, async () => expect(await ask({ subject, name })).toEqual({ stray: [] }));
    });
  }
}
