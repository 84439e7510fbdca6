// A matcher of regular expressions that goes back like those of the engines, and counts what it looks at: how much work a
// pattern makes is a property of the pattern, and no time need be measured.

type Matcher = (at: number, next: (at: number) => boolean) => boolean;

/** Returns how many characters a pattern looks at in a text, at every place where a search would begin; `most` at most. */
export function countSteps(pattern: RegExp, text: string, most = 5_000_000): number {
  const { source, flags } = pattern;
  const single = flags.replace(/[gyd]/g, "");
  let steps = 0;
  let at = 0;
  const groups: string[] = [];

  const peek = (): string => source[at] ?? "";
  const take = (): string => source[at++]!;

  function alternatives(): Matcher {
    const options = [sequence()];
    while (peek() === "|") {
      take();
      options.push(sequence());
    }
    return (from, next) => options.some((option) => option(from, next));
  }

  function sequence(): Matcher {
    const parts: Matcher[] = [];
    while (at < source.length && peek() !== "|" && peek() !== ")") parts.push(quantified(atom()));
    return (from, next) => {
      const run = (index: number, place: number): boolean =>
        index === parts.length ? next(place) : parts[index]!(place, (to) => run(index + 1, to));
      return run(0, from);
    };
  }

  function atom(): Matcher {
    const first = take();
    if (first === "^") return (from, next) => from === 0 && next(from);
    if (first === "$") return (from, next) => from === text.length && next(from);
    if (first === "(") return group();
    if (first === "[") {
      const from = at - 1;
      while (peek() !== "]") if (take() === "\\") take();
      take();
      return character(source.slice(from, at));
    }
    if (first !== "\\") return character(first);
    const escape = take();
    if (/\d/.test(escape)) throw new Error(`No references back are counted: ${source}`);
    if (escape === "b" || escape === "B") return (from, next) => next(from);
    let whole = `\\${escape}`;
    if (escape === "p" || escape === "u" || escape === "x") {
      const rest = /^(\{[^}]*\}|[\da-f]{2,4})/i.exec(source.slice(at))![0];
      at += rest.length;
      whole += rest;
    }
    return character(whole);
  }

  function group(): Matcher {
    const [kind = ""] = /^\?(:|=|!|<=|<!|<\w+>)/.exec(source.slice(at)) ?? [];
    at += kind.length;
    groups.push(kind);
    const inner = alternatives();
    take();
    if (kind === "?=" || kind === "?!") {
      return (from, next) => inner(from, () => true) === (kind === "?=") && next(from);
    }
    return inner;
  }

  function character(set: string): Matcher {
    const one = new RegExp(`^(?:${set})$`, single);
    return (from, next) => {
      if (++steps > most) throw new RangeError("Too many steps");
      return from < text.length && one.test(text[from]!) && next(from + 1);
    };
  }

  function quantified(inner: Matcher): Matcher {
    const [whole, sign, low, comma, high] = /^([*+?]|\{(\d+)(,?)(\d*)\})\??/.exec(source.slice(at)) ?? [""];
    if (!whole) return inner;
    at += whole.length;
    const isLazy = whole.length > sign!.length;
    const least = low === undefined ? Number(sign === "+") : Number(low);
    const greatest = low === undefined ? (sign === "?" ? 1 : Infinity) : high ? Number(high) : comma ? Infinity : least;
    return (from, next) => {
      const run = (count: number, place: number): boolean => {
        const more = (): boolean =>
          count < greatest && inner(place, (to) => (to > place || count < least) && run(count + 1, to));
        const stop = (): boolean => count >= least && next(place);
        return isLazy ? stop() || more() : more() || stop();
      };
      return run(0, from);
    };
  }

  const whole = alternatives();
  if (at < source.length) throw new Error(`Not understood: ${source} at ${at}`);
  const isSearch = !flags.includes("y");
  try {
    for (let start = 0; start <= (isSearch ? text.length : 0); start++) {
      let end = -1;
      if (!whole(start, (to) => ((end = to), true))) continue;
      if (!flags.includes("g")) break;
      // What goes on behind what it has found, as `split` and `replaceAll` do.
      start = Math.max(start, end - 1);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return most;
  }
  return steps;
}
