// A worker, dedicated or of service, that proves one Case on one subject each time it is asked to.
import * as bundle from "shelflife";
import { cases, casesFor, prove } from "shelflife/testing";
import type { Answer, Question } from "./inWorker.ts";
import { onlyMemory } from "../../test/support/subjects.ts";
import { subjectsOf } from "./subjects.ts";

const subjects = subjectsOf(bundle, { viewed: onlyMemory });
const stray: string[] = [];
for (const method of ["log", "info", "warn", "error", "debug", "trace"] as const) {
  console[method] = (...args: unknown[]) => void stray.push(`console.${method}: ${args.map(String).join(" ")}`);
}
addEventListener("error", ({ message }) => stray.push(`error: ${message}`));
addEventListener("unhandledrejection", ({ reason }) => stray.push(`unhandled: ${String(reason)}`));

async function answer(question: Question): Promise<Answer> {
  if (!question) {
    return { subjects: (await subjects).map((each) => [each.name, casesFor(cases, each).map(({ name }) => name)]) };
  }
  const subject = (await subjects).find(({ name }) => name === question.subject)!;
  const proof = casesFor(cases, subject).find(({ name }) => name === question.name)!;
  try {
    await prove(proof, subject);
    return { stray: stray.splice(0) };
  } catch (error) {
    return { error: String((error as Error).stack ?? error), stray: stray.splice(0) };
  }
}

addEventListener("message", (event) => {
  const { data, ports } = event as MessageEvent<Question>;
  const answered = answer(data).then((answer) => ports[0]!.postMessage(answer));
  // Keeps a service worker awake.
  (event as { waitUntil?(work: Promise<void>): void }).waitUntil?.(answered);
});
