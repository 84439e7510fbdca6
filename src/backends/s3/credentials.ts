import { StoreError } from "../../core/error.ts";
import type { S3Options } from "./options.ts";

/** What requests are signed with. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region: string;
}

interface Runtime {
  process?: { env?: Record<string, string | undefined> };
}

/** Returns what to sign with: as configured, or else as the environment has it. Throws `bad-config` if there is nothing. */
export function readCredentials(options: S3Options): Credentials {
  const region = options.region ?? read("AWS_REGION") ?? read("AWS_DEFAULT_REGION") ?? "us-east-1";
  const { accessKeyId, secretAccessKey, sessionToken } = options;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    return { accessKeyId, secretAccessKey, sessionToken, region };
  }
  const [id, secret] = [read("AWS_ACCESS_KEY_ID"), read("AWS_SECRET_ACCESS_KEY")];
  if (id && secret) {
    return { accessKeyId: id, secretAccessKey: secret, sessionToken: read("AWS_SESSION_TOKEN"), region };
  }
  const expected =
    '"accessKeyId" and "secretAccessKey", or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment';
  throw new StoreError("bad-config", `Cannot open store "s3": expected ${expected}, got none`);
}

function read(name: string): string | undefined {
  try {
    return (globalThis as Runtime).process?.env?.[name] || undefined;
  } catch {
    // Deno asks whether a program may, and it may not.
    return undefined;
  }
}
