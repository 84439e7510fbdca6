/**
 * Returns the database behind a proxy of the `idb` package, whose requests are promises, and any other as it is. The proxy calls every
 * method on the database itself, also one that is put there for a moment.
 */
export function unwrapDatabase(database: any): IDBDatabase {
  const self = Symbol("self");
  const found: IDBDatabase[] = [];
  database[self] = function (this: IDBDatabase) {
    found.push(this);
  };
  try {
    database[self]();
  } finally {
    delete database[self];
  }
  return found[0]!;
}
