/** The type of a value that was written without one. */
export const plainType = "application/octet-stream";
/** The types of the formats of the wire. That of JSON stands in json.ts, which pages load, too. */
export const problemType = "application/problem+json";
export const frameType = "application/vnd.shelflife.frame";
export const streamType = "text/event-stream";

const mediaType =
  /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+([ \t]*;([ \t]*[\w!#$%&'*+.^`|~-]+=([\w!#$%&'*+.^`|~-]+|"([ !#-[\]-~]|\\[ -~])*"))?)*$/;

/** Whether something is the type of a body, with its parameters. */
export function isMediaType(value: unknown): value is string {
  return typeof value === "string" && value.length <= 255 && mediaType.test(value);
}
