/** The modules of the package that subjects are made of, from `src` or as built. */
export interface Modules {
  index: typeof import("../../src/index.ts");
  extras: typeof import("../../src/extras.ts");
  "http/handler": typeof import("../../src/http/handler.ts");
  offline: typeof import("../../src/offline.ts");
}

/** Imports a module of the package by its name there. */
export type Load = <Name extends keyof Modules>(name: Name) => Promise<Modules[Name]>;
