import { createHub, type Hub } from "../../core/hub.ts";
import { createTurns, type Turns } from "./turns.ts";

interface Medium {
  readonly name: string;
  readonly hub: Hub;
}

// For all stores over one object of an app's, as long as that lives.
let media: WeakMap<object, Medium> | undefined;
let count = 0;

/** Returns the turns and the hub of an object that an app keeps its values in, shared by all stores over it in this context. */
export function mediumOf(kind: string, object: object): { turns: Turns; hub: Hub } {
  media ??= new WeakMap();
  let medium = media.get(object);
  if (!medium) {
    medium = { name: `shelflife:${kind}:${++count}`, hub: createHub() };
    media.set(object, medium);
  }
  const { name, hub } = medium;
  const stops = new Set<() => void>();
  return {
    turns: createTurns(name, {}),
    hub: {
      ...hub,
      watch(observer) {
        const end = hub.watch(observer);
        const stop = (): void => {
          stops.delete(stop);
          end();
        };
        stops.add(stop);
        return stop;
      },
      // Other stores go on.
      close: () => stops.forEach((stop) => stop()),
    },
  };
}
