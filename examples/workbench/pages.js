const limit = 50;

/** Goes through a store page by page. A cursor only leads on, so the way here is remembered. */
export function createPages() {
  let cursors = [undefined];
  let following;

  return {
    get number() {
      return cursors.length;
    },
    get first() {
      return (cursors.length - 1) * limit + 1;
    },
    get hasNext() {
      return following !== undefined;
    },
    get hasPrevious() {
      return cursors.length > 1;
    },
    reset() {
      cursors = [undefined];
      following = undefined;
    },
    next() {
      if (following !== undefined) cursors = [...cursors, following];
      // Not known before the page is read, so that a second click does not turn to the same page again.
      following = undefined;
    },
    previous() {
      if (cursors.length > 1) cursors = cursors.slice(0, -1);
    },
    /** Reads the page. When all on it has gone meanwhile, it is the one before. */
    async read(store, prefix) {
      for (;;) {
        const here = cursors;
        const page = await store.list({ prefix, limit, cursor: here.at(-1) });
        // Turned or reset while this was under way: whoever did that reads again.
        if (here !== cursors) return page.entries;
        if (page.entries.length || cursors.length === 1) {
          following = page.cursor;
          return page.entries;
        }
        cursors = cursors.slice(0, -1);
      }
    },
  };
}
