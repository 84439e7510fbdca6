import { check } from "../../core/error.ts";

/** A Standard Schema (standardschema.dev, version 1), as zod, valibot, arktype and others implement it. */
export interface Schema<Out, In = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): SchemaResult<Out> | Promise<SchemaResult<Out>>;
    readonly types?: { readonly input: In; readonly output: Out } | undefined;
  };
}

/** What a schema says of a value. */
export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/** Throws `invalid-argument` for what is neither a schema nor left out. */
export function checkSchema(schema: Schema<any> | undefined): void {
  const isSchema = typeof schema?.["~standard"]?.validate === "function";
  check(schema === undefined || isSchema, "schema", "a Standard Schema", schema);
}
