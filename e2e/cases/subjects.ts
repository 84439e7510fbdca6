import * as handler from "shelflife/http/handler";
import type * as index from "shelflife";
import type { Subject } from "shelflife/testing";
import type { Load } from "../../test/support/modules.ts";
import { subjects } from "../../test/support/subjects.ts";

/** The subjects that a page or worker has of a bundle, some of them on the stores of a server. */
export function subjectsOf(bundle: typeof index, server = location.origin): Promise<Subject[]> {
  return subjects((async (name) => (name === "index" ? bundle : handler)) as Load, () => server);
}
