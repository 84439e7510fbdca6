import { quote } from "../../core/error.ts";
import {
  boolean,
  callable,
  milliseconds,
  positiveInteger,
  storeRules,
  type Rule,
  type Rules,
} from "../../core/options.ts";
import type { S3Options } from "./options.ts";

const is =
  (pattern: RegExp) =>
  (value: unknown): boolean =>
    typeof value === "string" && pattern.test(value);

const credential: Rule = { expected: "visible ASCII characters", secret: true, test: is(/^[!-~]+$/) };

/** The rules of {@link S3Options}: some depend on one another. */
export function rulesFor(parameters: unknown): Rules<S3Options> {
  const { accessKeyId, secretAccessKey, endpoint } = Object(parameters) as Partial<Record<string, unknown>>;
  /** One of two that are given together. */
  const besides = (other: unknown, name: string): Rule => ({
    ...credential,
    expected: `${credential.expected}, given together with ${quote(name)}`,
    required: other !== undefined,
  });

  return {
    ...storeRules,
    bucketName: {
      expected: "the name of a bucket: 3 to 63 of a-z, 0-9, hyphens and dots",
      required: true,
      test: is(/^(?!.*\.\.)[\da-z][\da-z.-]{1,61}[\da-z]$/),
    },
    pathStyle: boolean,
    endpoint: {
      expected: "an http or https URL without a query",
      // With the credentials that it should not have.
      secret: typeof endpoint !== "string" || endpoint.includes("@"),
      test: (value) => is(/^https?:\/\/[^@?#]+$/)(value) && URL.canParse(value as string),
    },
    region: { expected: "the name of a region", test: is(/^[\w-]+$/) },
    accessKeyId: besides(secretAccessKey, "secretAccessKey"),
    secretAccessKey: besides(accessKeyId, "accessKeyId"),
    sessionToken: credential,
    prefix: {
      expected: 'at most 512 of a-z, A-Z, 0-9, "_", "-", "." and "/", in which no part is empty, "." or ".."',
      test: is(/^(?!.{513})(?:(?!\.\.?\/)[\w.-]+\/)*(?!\.\.?$)[\w.-]*$/),
    },
    timeout: milliseconds,
    attempts: positiveInteger,
    fetch: callable,
  };
}
