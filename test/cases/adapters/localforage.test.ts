import { localforage } from "../../../src/adapters/localforage.ts";
import * as testing from "../../../src/testing.ts";
import type { Subject } from "../../../src/testing.ts";
import { json } from "../../../src/views/json.ts";
import { drivers, fresh } from "../../adapters/localforage/forage.ts";
import { defineCases } from "../../support/defineCases.ts";
import { asJson } from "../../support/subjects.ts";

for (const [name, driver] of Object.entries(drivers)) {
  const subject: Subject<Uint8Array> = {
    name: `localforage over ${name}`,
    can: ["atomic", "list", "sweep", "watch", "bytes", "shared", "persistent"],
    rounds: 200,
    open: (medium, options) => localforage(fresh(driver, medium), options),
  };
  defineCases(testing, [subject, asJson(subject, { json })]);
}
