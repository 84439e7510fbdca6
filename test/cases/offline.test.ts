import { proveMedium } from "../support/proveMedium.ts";

await proveMedium("offline");
