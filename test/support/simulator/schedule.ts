/** Someone who takes turns, until the end. */
export interface Owner {
  readonly name: string;
  isDead: boolean;
}

/** Decides who goes on next, one at a time. */
export interface Schedule {
  /** Resolves when it is the turn of an owner; never, if that dies before. */
  turn(owner: Owner): Promise<void>;
  /** Lets one go on as far as it gets. Resolves with whether anybody had been waiting. */
  step(): Promise<boolean>;
  kill(owner: Owner): void;
}

/** Returns a schedule that is the same for the same numbers. */
export function createSchedule(random: () => number): Schedule {
  let waiting: { readonly owner: Owner; readonly go: () => void }[] = [];
  return {
    turn: (owner) =>
      new Promise((go) => {
        if (!owner.isDead) waiting.push({ owner, go });
      }),
    async step() {
      const index = Math.floor(random() * waiting.length);
      const [next] = waiting.splice(index, 1);
      next?.go();
      // By then all that follows from it has been done, as far as the next turns.
      await new Promise((resolve) => setImmediate(resolve));
      return !!next;
    },
    kill(owner) {
      owner.isDead = true;
      waiting = waiting.filter((each) => each.owner !== owner);
    },
  };
}
