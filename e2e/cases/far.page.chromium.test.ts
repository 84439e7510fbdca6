// The Cases on a store of another site, whose handler lists this page's origin.
import * as bundle from "shelflife";
import { describe } from "vitest";
import { subjectsOf } from "./subjects.ts";
import * as testing from "shelflife/testing";
import { defineCases } from "../../test/support/defineCases.ts";

const far = await (await fetch("/far")).text();
const subjects = (await subjectsOf(bundle, { server: far })).filter(({ name }) => name === "remote over a server");

describe("a page of a listed origin has all of a store", () => defineCases(testing, subjects));
