/**
 * Imports a library that stands in this folder's own node_modules. By its name alone, so that types of what may not be installed
 * are never looked for.
 */
export const load = (name: string): Promise<any> => import(/* @vite-ignore */ name);
