/** A Storage in memory, in the units that browsers count, that refuses what goes beyond its quota. */
export class TextStorage {
  readonly items = new Map<string, string>();
  readonly quota: number;
  reads = 0;

  constructor(quota = Infinity) {
    this.quota = quota;
  }

  get length(): number {
    return this.items.size;
  }

  get used(): number {
    return [...this.items].reduce((sum, [name, item]) => sum + name.length + item.length, 0);
  }

  key(index: number): string | null {
    return [...this.items.keys()][index] ?? null;
  }

  getItem(name: string): string | null {
    this.reads++;
    return this.items.get(String(name)) ?? null;
  }

  setItem(name: string, item: string): void {
    const old = this.items.get(name);
    const more = name.length + item.length - (old === undefined ? 0 : name.length + old.length);
    if (more > 0 && this.used + more > this.quota) throw new DOMException("Full", "QuotaExceededError");
    this.items.set(String(name), String(item));
  }

  removeItem(name: string): void {
    this.items.delete(name);
  }
}

/** The views that processes have of one Storage. */
export interface Views {
  open(): TextStorage;
  /** What has arrived in the Storage itself. */
  readonly arrived: TextStorage;
  /** Whether every write has arrived in every view. */
  isQuiet(): boolean;
}

/**
 * Returns views of one Storage: each sees its own writes at once and those of others late, in the order in
 * which they arrived, except that what it has written itself and not seen arrive yet stays.
 */
export function createViews(lag: () => number): Views {
  const arrived = new TextStorage();
  const views = new Set<View>();
  let underWay = 0;

  class View extends TextStorage {
    readonly pending = new Map<string, number>();
    // Messages of one process to another keep their order.
    toStorage = Promise.resolve();
    fromStorage = Promise.resolve();

    override setItem(name: string, item: string): void {
      super.setItem(name, item);
      this.send(name, item);
    }

    override removeItem(name: string): void {
      super.removeItem(name);
      this.send(name, undefined);
    }

    send(name: string, item: string | undefined): void {
      this.pending.set(name, (this.pending.get(name) ?? 0) + 1);
      underWay++;
      this.toStorage = this.toStorage.then(pause).then(() => {
        write(arrived.items, name, item);
        underWay += views.size - 1;
        for (const view of views)
          view.fromStorage = view.fromStorage.then(pause).then(() => view.receive(name, item, this));
      });
    }

    receive(name: string, item: string | undefined, from: View): void {
      underWay--;
      const own = this.pending.get(name) ?? 0;
      if (from === this) this.pending.set(name, own - 1);
      else if (own === 0) write(this.items, name, item);
    }
  }

  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, lag()));

  return {
    arrived,
    isQuiet: () => underWay === 0,
    open() {
      const view = new View();
      for (const [name, item] of arrived.items) view.items.set(name, item);
      views.add(view);
      return view;
    },
  };
}

function write(items: Map<string, string>, name: string, item: string | undefined): void {
  if (item === undefined) items.delete(name);
  else items.set(name, item);
}
