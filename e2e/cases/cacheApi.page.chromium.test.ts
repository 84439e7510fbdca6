// The Cases on a store in a Cache of the page.
import * as adapter from "shelflife/adapters/cacheApi";
import * as testing from "shelflife/testing";
import { afterAll } from "vitest";
import { cacheSubject } from "../../test/support/cacheSubject.ts";
import { defineCases } from "../../test/support/defineCases.ts";

const { subject, stop } = cacheSubject(adapter, 5);
afterAll(stop);
defineCases(testing, [subject]);
