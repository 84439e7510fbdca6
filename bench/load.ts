/** Loads a package of the bench by name, of which the project's types know nothing. */
export async function load(name: string): Promise<any> {
  return import(name);
}
