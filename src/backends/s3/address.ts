import type { S3Options } from "./options.ts";

/** Where a bucket is. */
export interface Address {
  /** For messages. */
  readonly bucket: string;
  readonly endpoint: string;
  /** The URL of an object, or of the bucket. */
  of(name?: string, query?: Readonly<Record<string, string>>): string;
}

/** Returns the address of a bucket: in the path of the endpoint's, or in the name of its host. */
export function createAddress({ bucketName, endpoint, pathStyle }: S3Options, region: string): Address {
  const suffix = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  const url = new URL(endpoint ?? `https://s3.${region}.${suffix}`);
  const path = url.pathname.replace(/\/+$/, "");
  // The certificate of a host does not hold for names with further dots.
  const isInPath = pathStyle ?? (endpoint !== undefined || bucketName.includes("."));
  const base = isInPath
    ? `${url.protocol}//${url.host}${path}/${bucketName}`
    : `${url.protocol}//${bucketName}.${url.host}${path}`;
  return {
    bucket: bucketName,
    endpoint: url.origin,
    of: (name = "", query) => `${base}/${name}${query ? `?${String(new URLSearchParams(query))}` : ""}`,
  };
}
