// Packages of the bench, of which the project's types know nothing.
declare module "browser-level";
declare module "dexie";
declare module "idb-keyval";
declare module "localforage";
declare module "unstorage";
declare module "unstorage/drivers/indexedb";
declare module "unstorage/drivers/localstorage";
declare module "pouchdb-browser";
declare module "rxdb";
declare module "rxdb/plugins/replication";
declare module "rxdb/plugins/storage-dexie";
