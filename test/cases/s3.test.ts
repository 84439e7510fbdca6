import { proveMedium } from "../support/proveMedium.ts";

await proveMedium("s3");
