/** A schema of JSON, as OpenAPI has it. */
export type Schema = Readonly<Record<string, unknown>>;

/** The types that a body may be of, each with its schema. */
export type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

/** Where the document says it. */
export type Reference = { readonly $ref: string };

/** Something that a request may have. */
export interface OpenapiParameter {
  readonly name: string;
  readonly in: "header" | "query";
  readonly required: boolean;
  readonly description: string;
  readonly schema: Schema;
}

/** What an answer is like. */
export interface OpenapiResponse {
  readonly description: string;
  readonly headers: Readonly<Record<string, Reference>>;
  readonly content?: Content;
}

/** What the document says of one request. */
export interface OpenapiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly OpenapiParameter[];
  readonly requestBody?: { readonly description: string; readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, OpenapiResponse | Reference>>;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  /** How to try it; `$STORE` stands for the address of the mount. */
  readonly "x-curl"?: string;
}

/** A document in the form of OpenAPI 3.1. */
export interface Openapi {
  readonly openapi: string;
  readonly info: Readonly<Record<"title" | "version" | "summary" | "description", string>>;
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenapiOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly responses: Readonly<Record<string, OpenapiResponse>>;
    readonly headers: Readonly<Record<string, { readonly description: string; readonly schema: Schema }>>;
    readonly securitySchemes: Readonly<Record<string, Schema>>;
  };
}
