// Functions and views over any store. Importing one of them from here costs what it costs alone, wherever a bundler shakes.
export { cached, type CachedOptions } from "./views/cached.ts";
export { compressed, type CompressedOptions } from "./views/compressed.ts";
export { count } from "./over/count.ts";
export { fallback, type FallbackOptions, type FallbackStore } from "./over/fallback.ts";
export { getOrSet, type GetOrSetOptions, type LoadCall } from "./over/getOrSet.ts";
export { encoded, type EncodedOptions } from "./views/encoded.ts";
export { encrypted, type EncryptedOptions } from "./views/encrypted.ts";
export { json, type JsonOptions, type Schema, type SchemaResult } from "./views/json.ts";
export { migrate, type Migrated, type MigrateOptions } from "./over/migrate.ts";
export { observe, type Observed, type ObserveOptions } from "./over/observe.ts";
export { prefix } from "./views/prefix.ts";
export { text } from "./views/text.ts";
