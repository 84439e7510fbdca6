// A dedicated worker that runs the Cases when it is told to.
import * as bundle from "shelflife";
import { run } from "./run.ts";

addEventListener("message", ({ data }) => void run(bundle, location.origin, (line) => postMessage(line), data));
