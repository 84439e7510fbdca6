// On a namespace in memory, as strict as Cloudflare's. On the binding of workerd the Cases run by e2e/cases/workerd.ts.
import { cloudflareKv } from "../../../src/adapters/cloudflareKv.ts";
import * as testing from "../../../src/testing.ts";
import { defineCases } from "../../support/defineCases.ts";
import { strictKv } from "../../support/strictKv.ts";

const namespace = strictKv();
defineCases(testing, [
  {
    name: "cloudflareKv in memory",
    can: ["list", "bytes", "shared", "persistent"],
    open: (medium, options) => cloudflareKv(namespace, { now: options.now, prefix: `${medium}/` }),
  },
]);
