import type { LogLine } from "../../service/log.ts";
import { writeDuration } from "../duration.ts";

/** What a server says while it runs, a line at a time: JSON for programs, or text for people. */
export interface Journal {
  /** Something happened. */
  say(level: "info" | "warn" | "error", event: string, fields?: Readonly<Record<string, unknown>>): void;
  /** Takes the line of a request, as `logRequests` writes it. */
  request(line: string): void;
}

/** Returns a journal that writes lines of a format. */
export function createJournal(format: "json" | "text", write: (line: string) => void, now: () => number): Journal {
  const clock = (time: string): string => time.slice(11, 19);
  return {
    say(level, event, fields = {}) {
      const time = new Date(now()).toISOString();
      if (format === "json") return write(`${JSON.stringify({ time, level, event, ...fields })}\n`);
      const shown = Object.entries(fields).map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`); // prettier-ignore
      return write(`${clock(time)} ${level === "info" ? "" : `${level} `}${[event, ...shown].join(" ")}\n`);
    },
    request(line) {
      if (format === "json") return write(`${line}\n`);
      const { time, method, resource, status, code, duration, holder } = JSON.parse(line) as LogLine;
      const outcome = code === undefined || code === "ok" ? String(status) : `${status} ${code}`;
      const parts = [method, resource === undefined ? "(other)" : `/${resource}`, outcome, writeDuration(Math.max(1, duration))]; // prettier-ignore
      return write(`${clock(time)} ${[...parts, ...(holder === undefined ? [] : [holder])].join(" ")}\n`);
    },
  };
}
