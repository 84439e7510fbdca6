// Writes the pages and charts anew from the results that there are.
import { writeFiles } from "./report.ts";

writeFiles();
