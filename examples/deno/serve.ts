// A store that others reach over HTTP.
//   deno serve --allow-read --allow-write serve.ts
import { handler, open } from "shelflife/server";

const store = await open({ backend: "memory", parameters: { maxEntries: 100_000 } });

export default {
  fetch: handler(store, {
    authorize: (request) => request.headers.get("authorization") === "Bearer open-sesame",
  }),
};
