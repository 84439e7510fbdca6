import type { Suite } from "../bench.ts";
import { measureInBrowser } from "../measureInBrowser.ts";

export const suite: Suite = (bench, options) => measureInBrowser("offline", bench, options);
