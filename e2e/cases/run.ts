import type * as index from "shelflife";
import * as handler from "shelflife/http/handler";
import * as testing from "shelflife/testing";
import { runCases, summary } from "../../test/support/runCases.ts";
import { subjects, type Load } from "../../test/support/subjects.ts";

/**
 * Runs the Cases on one bundle, in whichever context this is, against the stores that a server has, and tells each line;
 * the last is the summary.
 */
export async function run(
  bundle: typeof index,
  server: string,
  tell: (line: string) => void,
  filter?: string,
): Promise<void> {
  const load = (async (name) => (name === "index" ? bundle : handler)) as Load;
  try {
    tell(summary(await runCases(testing, await subjects(load, () => server), { filter, print: tell })));
  } catch (error) {
    tell(String(error));
    tell(summary({ passed: 0, failed: 1 }));
  }
}
