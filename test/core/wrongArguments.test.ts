// Whatever is given to a public function, in Node. In pages the same is called in e2e/wrongArguments.page.test.ts.
import * as localforage from "../../src/adapters/localforage.ts";
import * as extras from "../../src/extras.ts";
import * as handler from "../../src/http/handler.ts";
import * as index from "../../src/index.ts";
import { defineWrongArguments } from "../support/wrongArguments.ts";

defineWrongArguments({ index, extras, handler, localforage }, {});
