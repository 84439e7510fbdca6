import * as extras from "shelflife/extras";
import * as handler from "shelflife/http/handler";
import type * as index from "shelflife";
import type { Subject } from "shelflife/testing";
import type { Load } from "../../test/support/modules.ts";
import { subjects, type Viewed } from "../../test/support/subjects.ts";

/** The subjects that a page or worker has of a bundle, some of them on the stores of a server, with views of those that are to be `viewed`. */
export function subjectsOf(
  bundle: typeof index,
  { server = location.origin, viewed }: { server?: string; viewed?: Viewed } = {},
): Promise<Subject[]> {
  const modules: Readonly<Record<string, object>> = { index: bundle, extras, "http/handler": handler };
  const load = (async (name) => modules[name]) as Load;
  return subjects(load, () => server, { viewed });
}
